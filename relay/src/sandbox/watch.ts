import { DEFAULT_LIMITS, type Limits, type ScriptEnd } from "./sandbox.ts";

/** What is seen of a thread from outside. */
export type Seen = {
  /** The play that runs; 0 if none. */
  readonly number: number;
  readonly limits: Partial<Limits>;
  readonly cancelled: boolean;
};

/** Notices a script that does not end when it should. Looks only: it is for others to act. */
export class Watch {
  readonly #graceMs: number;
  #number = 0;
  #since = 0;
  #cancelledSince: number | undefined;

  /** `graceMs` is what a script gets beyond its limits, or after it was cancelled, to end by itself. */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Answers the end of a script that must be ended from outside. `now` in milliseconds of one clock. */
  look({ number, limits, cancelled }: Seen, now: number): ScriptEnd | undefined {
    if (number !== this.#number) {
      this.#number = number;
      this.#since = now;
      this.#cancelledSince = undefined;
    }
    if (number === 0) return undefined;
    if (cancelled) this.#cancelledSince ??= now;
    if (this.#cancelledSince !== undefined && now - this.#cancelledSince > this.#graceMs) return { kind: "cancelled" };
    const { cpuMs, wallMs } = { ...DEFAULT_LIMITS, ...limits };
    if (now - this.#since <= Math.min(cpuMs, wallMs) + this.#graceMs) return undefined;
    return cpuMs <= wallMs
      ? { kind: "limit", limit: "cpu_ms", allowed: cpuMs }
      : { kind: "limit", limit: "wall_ms", allowed: wallMs };
  }
}
