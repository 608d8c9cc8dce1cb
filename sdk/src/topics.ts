import type { Asked } from "./connection/calls.ts";
import type { Envelope } from "./protocol/envelope.ts";
import type { TaskId } from "./protocol/ids.ts";
import type { SubscribeResult, TopicEnd, TopicNotice } from "./protocol/messages.ts";
import { type CircleEvent, type SubscribeOptions, TopicStream } from "./topic-stream.ts";
import { Watch } from "./watch.ts";

/** Calls in an order that is kept, over whatever connections that takes. */
type Call = (...asked: Asked) => Promise<unknown>;

/** Signs a subscription to a topic, as the envelope of `subscribe`. */
export type SignSubscription = (topic: string) => Promise<{ task_id: TaskId; envelope: Envelope }>;

/**
 * The topics that are watched over one connection. Each is subscribed to once, however many watch it. Those of the relay's
 * own are watched, for what is said meanwhile; those that plays emit to are streams, of which nothing is missed.
 */
export class Topics {
  readonly #call: Call;
  readonly #sign: SignSubscription;
  readonly #watches = new Map<string, Set<Watch<unknown>>>();
  readonly #streams = new Map<string, TopicStream>();
  #ended: Error | undefined;

  constructor(call: Call, sign: SignSubscription) {
    this.#call = call;
    this.#sign = sign;
  }

  /** Subscribes at once, so that nothing is missed that happens after a call made later. */
  watch<Data>(topic: string): AsyncIterableIterator<Data, undefined> {
    const watch = new Watch<Data>(() => this.#leave(topic, watch as Watch<unknown>));
    if (this.#ended) watch.end(this.#ended);
    else this.#enter(topic, watch as Watch<unknown>);
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
    for (const watch of this.#watches.get(topic) ?? []) watch.receive(data);
    this.#streams.get(topic)?.receive(notice);
  }

  /** For the connection: the relay ends a subscription. */
  receiveEnd(end: TopicEnd): void {
    this.#streams.get(end.topic)?.receiveEnd(end);
  }

  /** For the connection, when it is there again: the relay knows nothing of what was watched before. */
  reopened(): void {
    for (const [topic, watches] of this.#watches) this.#subscribe(topic, watches);
    for (const stream of this.#streams.values()) stream.reopened();
  }

  /** For the connection, when it ends. */
  end(error: Error): void {
    this.#ended = error;
    for (const watch of Array.from(this.#watches.values()).flatMap((watches) => Array.from(watches))) watch.end(error);
    this.#watches.clear();
    for (const stream of this.#streams.values()) stream.end(error);
    this.#streams.clear();
  }

  #enter(topic: string, watch: Watch<unknown>): void {
    const known = this.#watches.get(topic);
    if (known) {
      known.add(watch);
      return;
    }
    const watches = new Set([watch]);
    this.#watches.set(topic, watches);
    this.#subscribe(topic, watches);
  }

  #subscribe(topic: string, watches: Set<Watch<unknown>>): void {
    this.#call("subscribe", { topic }).catch((error: unknown) => {
      if (this.#watches.get(topic) === watches) this.#watches.delete(topic);
      for (const one of watches) one.end(error);
    });
  }

  #leave(topic: string, watch: Watch<unknown>): void {
    const watches = this.#watches.get(topic);
    if (!watches?.delete(watch) || watches.size > 0) return;
    this.#watches.delete(topic);
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
