import type { Asked } from "./connection/calls.ts";
import type { Envelope } from "./protocol/envelope.ts";
import type { TaskId } from "./protocol/ids.ts";
import type { SubscribeResult, TopicEnd, TopicNotice } from "./protocol/messages.ts";
import { type CircleEvent, type SubscribeOptions, TopicStream } from "./topic-stream.ts";
import { Watch } from "./watch.ts";

/** Calls in an order that is kept, over whatever connections that takes. */
type Call = (...asked: Asked) => Promise<unknown>;

/** What is watched: notices, each told once. */
type Notice = { readonly id: string };
type Watched = {
  readonly watches: Set<Watch<unknown>>;
  /** Ids of what was told, the oldest first. */
  readonly told: Set<string>;
  /** All that is still to be told of, for when notices were lost. */
  readonly list: () => PromiseLike<readonly Notice[]>;
};
/** So many ids are remembered; more cannot be open at the same time. */
const MOST_TOLD = 1_000;

/** Signs a subscription to a topic, as the envelope of `subscribe`. */
export type SignSubscription = (topic: string) => Promise<{ task_id: TaskId; envelope: Envelope }>;

/**
 * The topics that are watched over one connection. Each is subscribed to once, however many watch it. Those of the relay's
 * own are watched, for what is said meanwhile; those that plays emit to are streams, of which nothing is missed.
 */
export class Topics {
  readonly #call: Call;
  readonly #sign: SignSubscription;
  readonly #watched = new Map<string, Watched>();
  readonly #streams = new Map<string, TopicStream>();
  #ended: Error | undefined;

  constructor(call: Call, sign: SignSubscription) {
    this.#call = call;
    this.#sign = sign;
  }

  /**
   * Subscribes at once, so that nothing is missed that happens after a call made later. What happens while there is no
   * connection is in `list`, which is asked when there is one again.
   */
  watch<Data extends Notice>(
    topic: string,
    list: () => PromiseLike<readonly Data[]>,
  ): AsyncIterableIterator<Data, undefined> {
    const watch = new Watch<Data>(() => this.#leave(topic, watch as Watch<unknown>));
    if (this.#ended) watch.end(this.#ended);
    else this.#enter(topic, watch as Watch<unknown>, list);
    return watch;
  }

  /** `sent` resolves when it is on its way: of what is called after that, nothing is missed. */
  subscribe<Data>(
    topic: string,
    options: SubscribeOptions,
  ): { events: AsyncIterableIterator<CircleEvent<Data>, undefined>; sent: Promise<void> } {
    const stream = this.#streams.get(topic) ?? this.#makeStream(topic);
    const entered = stream.enter<Data>(options);
    if (this.#ended) stream.end(this.#ended);
    else this.#streams.set(topic, stream);
    return entered;
  }

  /** For the connection. */
  receive(notice: TopicNotice): void {
    const { topic, data } = notice;
    const watched = this.#watched.get(topic);
    if (watched) tell(watched, data as Notice);
    this.#streams.get(topic)?.receive(notice);
  }

  /** For the connection: the relay ends a subscription. */
  receiveEnd(end: TopicEnd): void {
    this.#streams.get(end.topic)?.receiveEnd(end);
  }

  /** For the connection, when it is there again: the relay knows nothing of what was watched before. */
  reopened(): void {
    for (const [topic, watched] of this.#watched) {
      this.#subscribe(topic, watched);
      watched.list().then(
        (all) => {
          for (const notice of all) tell(watched, notice);
        },
        (error: unknown) => this.#fail(topic, watched, error),
      );
    }
    for (const stream of this.#streams.values()) stream.reopened();
  }

  /** For the connection, when it ends. */
  end(error: Error): void {
    this.#ended = error;
    for (const [topic, watched] of Array.from(this.#watched)) this.#fail(topic, watched, error);
    for (const stream of this.#streams.values()) stream.end(error);
    this.#streams.clear();
  }

  #enter(topic: string, watch: Watch<unknown>, list: Watched["list"]): void {
    const known = this.#watched.get(topic);
    if (known) {
      known.watches.add(watch);
      return;
    }
    const watched = { watches: new Set([watch]), told: new Set<string>(), list };
    this.#watched.set(topic, watched);
    this.#subscribe(topic, watched);
  }

  #subscribe(topic: string, watched: Watched): void {
    this.#call("subscribe", { topic }).catch((error: unknown) => this.#fail(topic, watched, error));
  }

  #fail(topic: string, watched: Watched, error: unknown): void {
    if (this.#watched.get(topic) === watched) this.#watched.delete(topic);
    for (const one of watched.watches) one.end(error);
  }

  #leave(topic: string, watch: Watch<unknown>): void {
    const watched = this.#watched.get(topic);
    if (!watched?.watches.delete(watch) || watched.watches.size > 0) return;
    this.#watched.delete(topic);
    // A subscription that could not be ended has nobody whom it tells.
    this.#call("unsubscribe", { topic }).catch(() => {});
  }

  #makeStream(topic: string): TopicStream {
    return new TopicStream({
      subscribe: async (after, onSent) => {
        const signed = await this.#sign(topic);
        const answer = this.#call("subscribe", { topic, ...(after === undefined ? {} : { after }), ...signed });
        onSent();
        return (await answer) as SubscribeResult;
      },
      onEmpty: ({ isSubscribed }) => {
        this.#streams.delete(topic);
        if (isSubscribed) this.#call("unsubscribe", { topic }).catch(() => {});
      },
    });
  }
}

function tell({ watches, told }: Watched, notice: Notice): void {
  if (told.has(notice.id)) return;
  told.add(notice.id);
  for (const id of told) {
    if (told.size <= MOST_TOLD) break;
    told.delete(id);
  }
  for (const watch of watches) watch.receive(notice);
}
