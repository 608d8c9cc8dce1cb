import { EngineFailure } from "./quickjs-engine.ts";
import { type Authority, type LimitName, type Limits, RefusedName, type ScriptEnd, type Verdict } from "./sandbox.ts";

export type RunningPlayParts = {
  readonly limits: Limits;
  /** Asked each time that a capability is needed; `undefined` stands for everything. */
  readonly authority: () => Authority | undefined;
  /** `true` ends the play. */
  readonly cancelled: () => boolean;
};

/** For the script to catch. */
export class ScriptError extends Error {
  readonly line?: number | undefined;
  readonly column?: number | undefined;

  constructor(name: string, message: string, at: { line?: number | undefined; column?: number | undefined } = {}) {
    super(message);
    this.name = name;
    this.line = at.line;
    this.column = at.column;
  }
}

/** Leaves a host call of a play that has its end. Nobody has to let it pass: the end is kept where it was made. */
class PlayEnded extends Error {
  override name = "PlayEnded";
}

/**
 * What is known of a play while it runs, in whichever engine: its end, once it has one; its time; its limits, which only
 * fall; what its authority says, and on what that relied.
 */
export class RunningPlay {
  readonly #parts: RunningPlayParts;
  readonly #start = performance.now();
  readonly #authorities = new Set<Authority>();
  #limits: Limits;
  /** Set when the script has concluded, or must be stopped. */
  end: ScriptEnd | undefined;
  /** The host broke down in one of the play's calls; the script is not to blame. */
  failure: unknown;

  constructor(parts: RunningPlayParts) {
    this.#parts = parts;
    this.#limits = parts.limits;
    this.#authority();
  }

  get limits(): Limits {
    return this.#limits;
  }

  /** The thread runs nothing else meanwhile, so this is processor time and time in one, until scripts can wait. */
  get elapsedMs(): number {
    return performance.now() - this.#start;
  }

  /** What every authority that it had relied on. */
  get used(): string[] {
    if (this.#authorities.size === 0) return [];
    return [...new Set(Array.from(this.#authorities, ({ used }) => used).flat())];
  }

  /** Asked while an engine runs; `true` ends what runs there. */
  interrupted(): boolean {
    this.end ??= this.#parts.cancelled() ? { kind: "cancelled" } : this.#timeReached();
    return this.end !== undefined;
  }

  /** Between parts of a long host call. @throws where the play has its end by now. */
  pause(): void {
    if (this.interrupted()) throw new PlayEnded();
  }

  /** Ends the play, from inside a host call. */
  stop(end: ScriptEnd): never {
    this.end ??= end;
    throw new PlayEnded();
  }

  reach(limit: LimitName, used: number, allowed: number): never {
    this.stop({ kind: "limit", limit, used, allowed });
  }

  /** Ends the play where it may not do this. */
  require(capability: string): void {
    const verdict = this.#authority()?.check(capability) ?? HELD;
    switch (verdict.kind) {
      case "held":
        this.#lower(verdict.limits);
        return;
      case "missing":
        this.stop({ kind: "denied", capability });
        break;
      case "ask":
        this.stop({ kind: "asks", capability });
        break;
      case "exhausted":
        this.stop({ ...verdict, capability });
    }
  }

  /** May it do this? That does not end it either way; where it may, it relies on it. */
  holds(capability: string): boolean {
    const verdict = this.#authority()?.check(capability) ?? HELD;
    if (verdict.kind === "held") this.#lower(verdict.limits);
    return verdict.kind === "held";
  }

  /** Ends the play where there is no name that it may read. Answers whether one that begins so can be among them. */
  requireReading(prefix: string): boolean {
    const capability = `read:${prefix}**`;
    const verdict = this.#authority()?.readsBelow(prefix) ?? HELD;
    if (verdict.kind === "missing") this.stop({ kind: "denied", capability });
    if (verdict.kind === "exhausted") this.stop({ ...verdict, capability });
    return verdict.kind === "held";
  }

  /**
   * Makes a host call and answers as the prelude expects: "" for undefined, "!" and JSON for an error, else what `call`
   * answers. Never throws: a host's error must not travel through an engine. After the end it answers errors only, so
   * that nothing follows it.
   */
  answer(call: () => string): string {
    if (this.interrupted()) return ENDED; // calls can take long, and the engine asks once in thousands of steps
    try {
      const answer = call();
      // A text takes a byte of its heap for each unit at least: what cannot fit need not be tried.
      if (answer.length > this.#limits.memoryBytes) {
        this.reach("memory_bytes", answer.length, this.#limits.memoryBytes);
      }
      return answer;
    } catch (error) {
      if (error instanceof PlayEnded) return ENDED;
      if (error instanceof ScriptError) return refusal(error);
      if (error instanceof RefusedName) return refusal({ name: "TypeError", message: error.message });
      this.breakDown(error);
      return "";
    }
  }

  /** Ends the play with what an engine or a host call threw at the host. */
  breakDown(error: unknown): void {
    const { memoryBytes: allowed } = this.#limits;
    if (error instanceof EngineFailure) {
      this.end ??= { kind: "limit", limit: "memory_bytes", allowed };
    } else if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      // A trap inside the engine, or its stack ran into the thread's own: the script's doing either way.
      this.end ??= {
        kind: "thrown",
        name: "InternalError",
        message: "the engine could not go on with this script",
      };
    } else {
      this.failure ??= error;
      this.end ??= { kind: "cancelled" }; // the script sees nothing of it
    }
  }

  #authority(): Authority | undefined {
    const authority = this.#parts.authority();
    if (authority && !this.#authorities.has(authority)) {
      this.#authorities.add(authority);
      this.#lower(authority.initialLimits);
    }
    return authority;
  }

  #lower(limits: Partial<Limits> = {}): void {
    for (const name of Object.keys(limits) as (keyof Limits)[]) {
      const limit = limits[name];
      if (limit !== undefined && limit < this.#limits[name]) this.#limits = { ...this.#limits, [name]: limit };
    }
  }

  #timeReached(): ScriptEnd | undefined {
    const used = this.elapsedMs;
    const { cpuMs, wallMs } = this.#limits;
    if (used > cpuMs) return { kind: "limit", limit: "cpu_ms", used: Math.round(used), allowed: cpuMs };
    if (used > wallMs) return { kind: "limit", limit: "wall_ms", used: Math.round(used), allowed: wallMs };
    return undefined;
  }
}

const HELD: Verdict = { kind: "held" };
const ENDED = refusal({ name: "Error", message: "the play has ended" });

function refusal({ name, message, line, column }: Pick<ScriptError, "name" | "message" | "line" | "column">): string {
  return `!${JSON.stringify({ name, message, line, column })}`;
}
