import type { Rates } from "./compiled-policy.ts";

const WINDOW_MS = 60_000;

type Window = { readonly end: number; plays: number };

/** A grant of a circle, as a caller uses it. */
export type RatedUse = {
  readonly circle: string;
  readonly grant: string;
  readonly caller: string;
  readonly rates: Rates;
};

/** Plays per minute by grant, of each caller and of all, in minutes that begin with their first play. */
export class RateWindows {
  readonly #windows = new Map<string, Window>();
  #sweepAt = 1_024;

  /** Set where no more plays may use the grant now, with how many may and when they may again. */
  exhausted(use: RatedUse, now = Date.now()): { allowed: number; retryAfterMs: number } | undefined {
    for (const [key, allowed] of keysOf(use)) {
      const window = this.#windows.get(key);
      const plays = window && window.end > now ? window.plays : 0;
      if (plays >= allowed) return { allowed, retryAfterMs: window && plays > 0 ? window.end - now : WINDOW_MS };
    }
    return undefined;
  }

  /** Counts a play that may use it; `giveBack` if it did not. */
  reserve(use: RatedUse, now = Date.now()): void {
    for (const [key] of keysOf(use)) {
      const window = this.#windows.get(key);
      if (window && window.end > now) window.plays += 1;
      else this.#windows.set(key, { end: now + WINDOW_MS, plays: 1 });
    }
    this.#sweep(now);
  }

  giveBack(use: RatedUse): void {
    for (const [key] of keysOf(use)) {
      const window = this.#windows.get(key);
      if (window && window.plays > 0) window.plays -= 1;
    }
  }

  #sweep(now: number): void {
    if (this.#windows.size < this.#sweepAt) return;
    for (const [key, { end }] of this.#windows) if (end <= now) this.#windows.delete(key);
    // Sweeping again only after as many more keeps its cost per play constant.
    this.#sweepAt = Math.max(1_024, 2 * this.#windows.size);
  }
}

function keysOf({ circle, grant, caller, rates }: RatedUse): [key: string, allowed: number][] {
  const keys: [string, number][] = [];
  if (rates.perCaller !== undefined) keys.push([`${circle}/${grant}/${caller}`, rates.perCaller]);
  if (rates.inTotal !== undefined) keys.push([`${circle}/${grant}`, rates.inTotal]);
  return keys;
}
