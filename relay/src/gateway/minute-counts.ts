const MINUTE_MS = 60_000;

/** Counts by name, of the minute that began with the first of each. */
export class MinuteCounts {
  readonly #most: number;
  readonly #now: () => number;
  readonly #counts = new Map<string, { count: number; readonly until: number }>();
  #sweepAt = 0;

  /** `now` in milliseconds that never go back. */
  constructor(most: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#now = now;
  }

  /** Counts one more; or answers, where that is too many, in how many milliseconds it may be tried again. */
  add(name: string): number | undefined {
    const now = this.#now();
    this.#sweep(now);
    const known = this.#counts.get(name);
    if (!known || known.until <= now) {
      this.#counts.set(name, { count: 1, until: now + MINUTE_MS });
      return undefined;
    }
    if (known.count >= this.#most) return Math.ceil(known.until - now);
    known.count += 1;
    return undefined;
  }

  /** What is over is forgotten once a minute: there are as many names as came in two minutes. */
  #sweep(now: number): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + MINUTE_MS;
    for (const [name, { until }] of this.#counts) if (until <= now) this.#counts.delete(name);
  }
}
