import type { PlayOutput } from "./messages.ts";

/** The longest that a timer can be set for; a longer one would end at once. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/**
 * How long an answer to a play is waited for (T6 of SPEC.md), counted alike on both sides. While the play waits for the
 * circle's owner its time stands still; it begins anew when it says that it goes on, or when the owner's time is over.
 */
export class Deadline {
  readonly timeoutMs: number;
  readonly #clockOffsetMs: number;
  #onPassed: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: number | undefined;
  #waiting = false;

  /** `clockOffsetMs`: how far the clock that made the events is ahead of this one. Default 0. */
  constructor(timeoutMs: number, { clockOffsetMs = 0 }: { clockOffsetMs?: number } = {}) {
    this.timeoutMs = timeoutMs;
    this.#clockOffsetMs = clockOffsetMs;
  }

  /** `onPassed` is called once, unless `stop` comes before. Events may have been taken in already. */
  start(onPassed: () => void): void {
    this.#onPassed = onPassed;
    this.#end ??= Date.now() + this.timeoutMs;
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#onPassed = undefined;
  }

  /** Takes in an event of the play, in order. */
  observe({ kind, data }: PlayOutput): void {
    if (kind === "waiting") this.#end = data.expires_at * 1000 - this.#clockOffsetMs + this.timeoutMs;
    else if (this.#waiting) this.#end = Date.now() + this.timeoutMs;
    else return;
    this.#waiting = kind === "waiting";
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const [onPassed, end] = [this.#onPassed, this.#end];
    if (!onPassed || end === undefined) return;
    const ms = end - Date.now();
    this.#timer = setTimeout(ms > MOST_TIMER_MS ? () => this.#arm() : onPassed, Math.min(ms, MOST_TIMER_MS));
  }
}
