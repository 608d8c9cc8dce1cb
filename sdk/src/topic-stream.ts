import { ConnectionError, DeadlineError } from "./errors.ts";
import { ErrorCode, type LimitReached, retryAfterMs, WireError } from "./protocol/errors.ts";
import type { SubscribeResult, TopicEnd, TopicNotice } from "./protocol/messages.ts";
import { MOST_UNREAD, Watch } from "./watch.ts";

/** What a play emitted. `id` is what `after` takes, to go on from here. */
export type CircleEvent<Data = unknown> = { readonly topic: string; readonly data: Data; readonly id: number };

export type SubscribeOptions = {
  /** The `id` of the last event that is known; 0 for all that the circle's log has. Default: from now on. */
  readonly after?: number;
  /** Aborting it ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called where the log does not have everything after `after` any more: what is left of it comes. */
  readonly onGap?: () => void;
};

export type TopicStreamParts = {
  /** `onSent`: of what is asked of the relay later, nothing is missed. */
  readonly subscribe: (after: number | undefined, onSent: () => void) => Promise<SubscribeResult>;
  /** Called when nobody watches any more. */
  readonly onEmpty: (state: { readonly isSubscribed: boolean }) => void;
};

const RETRY_AFTER_MS = 1_000;
const LEAST_RETRY_AFTER_MS = 100;
const MOST_RETRY_AFTER_MS = 60_000;

/** The events of one topic, for all who watch it, over whatever connections that takes. */
export class TopicStream {
  readonly #parts: TopicStreamParts;
  readonly #watches = new Set<EventWatch>();
  /** The last number of which anything was heard. */
  #seen: number | undefined;
  #isAsking = false;
  /** It is asked for, and that is not on its way yet. */
  #isSigning = false;
  /** It is to be subscribed to anew. */
  #isDue = false;
  #onSent: (() => void)[] = [];
  #hasEnded = false;

  constructor(parts: TopicStreamParts) {
    this.#parts = parts;
  }

  enter<Data>({ after, signal, onGap }: SubscribeOptions): {
    events: AsyncIterableIterator<CircleEvent<Data>, undefined>;
    sent: Promise<void>;
  } {
    const isFirst = this.#watches.size === 0;
    const onAbort = () => {
      this.#leave(watch);
      watch.end(signal?.reason);
    };
    const watch = new EventWatch({
      last: after ?? this.#seen, // from now on
      onGap: onGap ?? (() => {}),
      onRead: () => this.#subscribe(),
      leave: () => {
        signal?.removeEventListener("abort", onAbort);
        this.#leave(watch);
      },
    });
    this.#watches.add(watch);
    signal?.addEventListener("abort", onAbort);
    const sent = new Promise<void>((resolve) => this.#onSent.push(resolve));
    if (isFirst || after !== undefined) this.#subscribe();
    if (!this.#isSigning) this.#sent();
    if (signal?.aborted) onAbort();
    return { events: watch as unknown as AsyncIterableIterator<CircleEvent<Data>, undefined>, sent };
  }

  receive(notice: TopicNotice): void {
    const { topic, data, id, after } = notice;
    if (id === undefined || after === undefined) return;
    this.#seen = Math.max(this.#seen ?? 0, id);
    for (const watch of this.#watches) watch.take({ topic, data, id }, after);
  }

  receiveEnd({ code, message, data }: TopicEnd): void {
    const error = new WireError(code, message, data);
    if (isToBeBegunAnew(error)) this.#subscribe();
    else this.end(error);
  }

  reopened(): void {
    this.#subscribe();
  }

  /** What came before is still read. */
  end(error: unknown): void {
    this.#hasEnded = true;
    this.#sent();
    const watches = [...this.#watches];
    this.#watches.clear();
    for (const watch of watches) {
      watch.left();
      watch.end(error);
    }
    this.#parts.onEmpty({ isSubscribed: false });
  }

  #leave(watch: EventWatch): void {
    if (!this.#watches.delete(watch) || this.#watches.size > 0 || this.#isAsking) return;
    this.#hasEnded = true;
    this.#parts.onEmpty({ isSubscribed: true });
  }

  #subscribe(): void {
    this.#isDue = true;
    if (!this.#isAsking) void this.#ask();
  }

  /** One subscription at a time, each from where the watch that has least goes on. */
  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#isDue && this.#watches.size > 0) {
      this.#isDue = false;
      const after = this.#position();
      const isLeast = new Set(Array.from(this.#watches).filter(({ last }) => last === after));
      try {
        this.#isSigning = true;
        const begun = await this.#parts.subscribe(after, () => this.#sent());
        if (begun.gap) for (const watch of this.#watches) if (isLeast.has(watch)) watch.tellGap();
        this.#begun(begun, after);
      } catch (error) {
        this.#sent();
        if (this.#hasEnded) return;
        const ms = pauseAfter(error);
        if (ms === undefined) return this.end(error);
        this.#isDue = true;
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
      if (this.#hasEnded) return;
    }
    this.#isAsking = false;
    this.#sent();
    if (this.#watches.size > 0) return;
    this.#hasEnded = true;
    this.#parts.onEmpty({ isSubscribed: true });
  }

  /** Where all watches have something to go on from, the least of that. */
  #position(): number | undefined {
    const lasts = Array.from(this.#watches, ({ last }) => last);
    return lasts.some((last) => last === undefined) ? undefined : Math.min(...(lasts as number[]));
  }

  #begun({ head = 0 }: SubscribeResult, after: number | undefined): void {
    const isShorter = after !== undefined && after > head; // the log is another one
    this.#seen = isShorter ? head : Math.max(this.#seen ?? 0, head);
    for (const watch of this.#watches) {
      const { last } = watch;
      if (last === undefined) watch.last = head;
      else if (after === undefined) this.#isDue = true; // it had begun before, and goes on from there
      if (!isShorter || last === undefined || last <= head) continue;
      watch.last = head;
      this.#isDue = true;
    }
  }

  #sent(): void {
    this.#isSigning = false;
    for (const tell of this.#onSent.splice(0)) tell();
  }
}

type EventWatchParts = {
  readonly last: number | undefined;
  readonly onGap: () => void;
  /** What did not fit may come again. */
  readonly onRead: () => void;
  readonly leave: () => void;
};

/** One iteration over a topic: takes each event once, and none while another before it is missing. */
class EventWatch extends Watch<CircleEvent> {
  readonly #parts: EventWatchParts;
  /** Number of the last event that it has; `undefined` until it is known where it begins. */
  last: number | undefined;
  #isBehind = false;

  constructor(parts: EventWatchParts) {
    super(parts.leave);
    this.#parts = parts;
    this.last = parts.last;
  }

  take(event: CircleEvent, after: number): void {
    const { last = after } = this;
    if (event.id <= last || after > last) return;
    if (this.unread >= MOST_UNREAD) {
      this.#isBehind = true;
      return;
    }
    this.last = event.id;
    this.receive(event);
  }

  override next(): Promise<IteratorResult<CircleEvent, undefined>> {
    const next = super.next();
    if (this.#isBehind && this.unread === 0) {
      this.#isBehind = false;
      this.#parts.onRead();
    }
    return next;
  }

  tellGap(): void {
    this.#parts.onGap();
  }

  left(): void {
    this.#parts.leave();
  }
}

/** Its signature is over, or the relay could not keep up with the log: subscribed to again, it goes on. */
function isToBeBegunAnew({ code, data }: WireError): boolean {
  const { limit } = (data ?? {}) as Partial<LimitReached>;
  return code === ErrorCode.Expired || (code === ErrorCode.LimitReached && limit === "kept_events");
}

/** In ms; `undefined` where trying again would not help. */
function pauseAfter(error: unknown): number | undefined {
  if (error instanceof DeadlineError) return 0;
  if (error instanceof ConnectionError || !(error instanceof WireError)) return undefined;
  const passing: readonly number[] = [ErrorCode.Busy, ErrorCode.TimedOut, ErrorCode.InternalError];
  if (!passing.includes(error.code)) return undefined;
  const ms = retryAfterMs(error) || RETRY_AFTER_MS;
  return Math.min(Math.max(ms, LEAST_RETRY_AFTER_MS), MOST_RETRY_AFTER_MS);
}
