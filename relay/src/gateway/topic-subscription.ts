import {
  ErrorCode,
  type LimitReached,
  retryAfterMs,
  type TopicEvent,
  type TopicPart,
  WireError,
} from "@circles/sdk/protocol";
import type { Heard } from "../task.ts";

export type TopicSubscriptionParts = {
  /** Asks the circle's worker. `isAgain`: after it was allowed once. Rejects as the call `subscribe` does. */
  readonly read: (after: number | undefined, isAgain: boolean) => Promise<Heard>;
  /** `after`: the number of the event before. */
  readonly send: (event: TopicEvent & { readonly after: number }) => void;
  /** Called once, where it ends by itself. */
  readonly onEnd: (error: WireError) => void;
  /** Does its peer read what it is sent? */
  readonly hasRoom: () => boolean;
  /** Resolves when it does. */
  readonly room: () => Promise<void>;
  /** Ends it. */
  readonly signal: AbortSignal;
};

/** Parts that come while missed events are read. Beyond, what was left out is read as well. */
const MOST_WAITING = 64;
const RETRY_AFTER_MS = 1_000;
const MOST_BACKOFF_MS = 10_000;
/** Tried again, reading may go better; until then nothing is sent. */
const PASSING: readonly number[] = [ErrorCode.Busy, ErrorCode.TimedOut, ErrorCode.InternalError];

/**
 * One topic for one connection: sends each event once, in order, and none that its caller may not hear. What is told as it
 * happens is taken if nothing is missing before it; otherwise, and whenever it is to be asked again who may hear, the circle's
 * worker is asked for what comes after the last number that is known.
 */
export class TopicSubscription {
  readonly #parts: TopicSubscriptionParts;
  /** Every event up to this number was sent. */
  #covered = 0;
  /** Number of the last event that was sent, or after which the subscription began. */
  #sent = 0;
  /** What the first part came after that was heard. */
  #heardAfter: number | undefined;
  #until = Number.POSITIVE_INFINITY;
  #isReading = false;
  /** The worker is to be asked. */
  #isDue = false;
  #waiting: TopicPart[] = [];

  constructor(parts: TopicSubscriptionParts) {
    this.#parts = parts;
  }

  /** Resolves when it is allowed and what is answered at once was sent. To be called once, when what happens is heard. */
  async begin(after: number | undefined): Promise<Pick<Heard, "head" | "gap">> {
    this.#isReading = true;
    const page = await this.#parts.read(after, false);
    const { head, gap, more, until = Number.POSITIVE_INFINITY } = page;
    this.#until = until;
    const isThere = after !== undefined && after <= head;
    // "From now on" is from when this was called: what was told since is sent.
    const start = after === undefined ? Math.min(head, this.#heardAfter ?? head) : head;
    this.#covered = this.#sent = isThere ? after : start;
    if (isThere && !this.#take(page)) this.#isDue = true;
    if (more) this.#isDue = true;
    void this.#catchUp();
    return gap ? { head: this.#covered, gap } : { head: this.#covered };
  }

  /** Something was committed. */
  hear(part: TopicPart): void {
    if (this.#isReading) {
      this.#heardAfter ??= part.after;
      if (this.#waiting.push(part) <= MOST_WAITING) return;
      this.#waiting = [];
      this.#isDue = true;
    } else if (Date.now() >= this.#until || !this.#parts.hasRoom() || !this.#take(part)) this.check();
  }

  /** Asks the worker, before anything else is sent. */
  check(): void {
    this.#isDue = true;
    if (!this.#isReading) void this.#catchUp();
  }

  /** Every event up to this number was committed. */
  reach(head: number): void {
    if (head > this.#covered) this.check();
  }

  async #catchUp(): Promise<void> {
    this.#isReading = true;
    let tries = 0;
    while (!this.#parts.signal.aborted) {
      try {
        if (!this.#isDue) this.#takeWaiting();
        if (!this.#isDue) break;
        this.#isDue = false;
        await this.#parts.room();
        await this.#readOn();
        tries = 0;
      } catch (error) {
        if (this.#parts.signal.aborted) return;
        if (error instanceof WireError && !PASSING.includes(error.code)) {
          this.#parts.onEnd(error);
          return;
        }
        this.#isDue = true;
        const ms = Math.min(MOST_BACKOFF_MS, (retryAfterMs(error) ?? RETRY_AFTER_MS) * 2 ** tries); // a worker that is busy is not to be more so
        tries += 1;
        await wait(ms * (0.5 + Math.random()), this.#parts.signal);
      }
    }
    this.#isReading = false;
  }

  async #readOn(): Promise<void> {
    const page = await this.#parts.read(this.#covered, true);
    if (this.#parts.signal.aborted) return;
    if (page.gap) throw new WireError(ErrorCode.LimitReached, "events: those that follow are not kept any more", GAP);
    this.#until = page.until ?? Number.POSITIVE_INFINITY;
    // Somebody else asked under the same id for what comes later.
    if (!this.#take(page)) throw new WireError(ErrorCode.Busy, "busy: another subscription is under way");
    if (page.more) this.#isDue = true;
  }

  #takeWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const part of waiting) if (!this.#take(part)) this.#isDue = true;
  }

  /** Sends what is new of a part, if nothing is missing before it. */
  #take({ after, head, events }: TopicPart): boolean {
    if (this.#parts.signal.aborted) return true; // to nobody
    if (after > this.#covered) return false;
    for (const { id, data } of events) {
      if (id <= this.#covered) continue;
      this.#parts.send({ id, data, after: this.#sent });
      this.#sent = id;
    }
    this.#covered = Math.max(this.#covered, head);
    return true;
  }
}

const GAP = { limit: "kept_events", allowed: 0 } satisfies LimitReached;

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener("abort", done, { once: true });
  });
}
