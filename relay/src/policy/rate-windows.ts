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
  /** Where a use was counted: by the time that it is given back, another minute may have begun. */
  readonly #reserved = new WeakMap<RatedUse, [key: string, window: Window][]>();
  #sweepAt = 1_024;

  /** Set where no more plays may use the grant now, with how many may and when they may again. */
  exhausted(use: RatedUse, now = Date.now()): { allowed: number; retryAfterMs: number } | undefined {
    const full = keysOf(use).flatMap(([key, allowed]) => {
      const window = this.#windows.get(key);
      const plays = window && window.end > now ? window.plays : 0;
      return plays < allowed ? [] : [{ allowed, retryAfterMs: window && plays > 0 ? window.end - now : WINDOW_MS }];
    });
    return full.toSorted((a, b) => b.retryAfterMs - a.retryAfterMs)[0];
  }

  /** Counts a play that may use it; `giveBack` if it did not. One object for each play. */
  reserve(use: RatedUse, now = Date.now()): void {
    const counted = keysOf(use).map(([key]): [string, Window] => {
      const before = this.#windows.get(key);
      const window = before && before.end > now ? before : { end: now + WINDOW_MS, plays: 0 };
      window.plays += 1;
      this.#windows.set(key, window);
      return [key, window];
    });
    this.#reserved.set(use, counted);
    this.#sweep(now);
  }

  /** `use` is the very object that was reserved; only the first call counts. */
  giveBack(use: RatedUse): void {
    for (const [key, window] of this.#reserved.get(use) ?? []) {
      window.plays -= 1;
      // Most plays use few of their grants: what they only might have used takes no room.
      if (window.plays === 0 && this.#windows.get(key) === window) this.#windows.delete(key);
    }
    this.#reserved.delete(use);
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
