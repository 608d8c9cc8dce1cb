import type { Event } from "../task.ts";
import { HostCalls } from "./host-calls.ts";
import { PRELUDE } from "./prelude.ts";
import { EngineFailure, type Evaluated, type Handle, QuickjsEngine } from "./quickjs-engine.ts";
import type { Limits, ScriptEnd, ScriptResult, Snapshot } from "./sandbox.ts";
import { locate, SCRIPT_NAME } from "./stack-trace.ts";

/** One script with all that its run needs, on this thread. */
export type InstancePlay = {
  readonly script: string;
  readonly args: string;
  readonly caller: string;
  readonly circle: string;
  readonly snapshot: Snapshot;
  readonly limits: Limits;
  readonly emit: (event: Event) => void;
  /** Asked while the script runs; `true` ends it. */
  readonly cancelled: () => boolean;
};

type Prelude = { readonly begin: Handle; readonly conclude: Handle; readonly fail: Handle };

// A script with a top-level `return` becomes a function body that begins on the same line, so that lines stay.
const BODY_PREFIX = "(async () => ({ value: await (async () => {";
const BODY_SUFFIX = "\n})() }))()";

/** Linear memory for each byte that a script may allocate: an array that grows holds its old block beside the new one. */
const MOST_GAPS = 3;

/** Runs scripts one after the other on this thread, each in a heap that no script used before. */
export class QuickjsInstance {
  readonly #module: WebAssembly.Module;
  readonly #image: ReturnType<QuickjsEngine["save"]>;
  readonly #prelude: Prelude;
  #engine: QuickjsEngine;
  #lastCircle = "";
  #lastCaller = "";
  #host: { call(operation: string, payload: string): string; interrupted(): boolean } = NOBODY;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.#engine = this.#makeEngine();
    this.#engine.start();
    this.#prelude = loadPrelude(this.#engine);
    this.#image = this.#engine.save();
  }

  /** Linear memory of the engine in use. */
  get memoryBytes(): number {
    return this.#engine.memoryBytes;
  }

  run(play: InstancePlay): ScriptResult {
    this.#reset(play);
    const host = new HostCalls(play);
    const clock = new Clock(play.limits);
    let hostFailure: unknown;
    const interrupted = () => {
      host.end ??= play.cancelled() ? { kind: "cancelled" } : (clock.reached() ?? this.#memoryReached(play.limits));
      return host.end !== undefined;
    };
    this.#host = {
      call: (operation, payload) => {
        interrupted(); // calls can take long, and the engine asks once in thousands of steps
        try {
          return host.call(operation, payload);
        } catch (error) {
          hostFailure ??= error; // the script sees nothing of it; the play ends with it below
          host.end ??= { kind: "cancelled" };
          return "";
        }
      },
      interrupted,
    };
    let columnsBefore = 0;
    try {
      this.#engine.limitMemory(play.limits.memoryBytes);
      columnsBefore = this.#evaluate(play, host, clock);
    } catch (error) {
      this.#engine = this.#makeEngine();
      host.end ??= failureOf(error, play.limits);
    } finally {
      this.#host = NOBODY;
    }
    if (hostFailure) throw hostFailure;
    const end = finish(host.end ?? STALLED, play, columnsBefore);
    const writes = end.kind === "value" ? host.writes : [];
    return { end, writes, cpuMs: clock.elapsedMs, killed: false };
  }

  /** Runs the script until `host` has an end, or nothing is left to run. Answers the columns put before the source. */
  #evaluate(play: InstancePlay, host: HostCalls, clock: Clock): number {
    const engine = this.#engine;
    const { script, caller, circle, args } = play;
    const names = JSON.stringify({ caller, circle, random: randomWords() });
    const context = engine.string(`${names.slice(0, -1)},"args":${args}}`);
    if (!engine.call(this.#prelude.begin, context).ok) throw new EngineFailure("quickjs: out of memory");
    const evaluated = engine.evaluate(script, SCRIPT_NAME, { topLevelAwait: true });
    if (evaluated.ok) {
      this.#settle(evaluated.value, host, clock);
      return 0;
    }
    const end = this.#failToCompile(evaluated.thrown, host);
    if (end?.kind !== "thrown" || end.name !== "SyntaxError" || end.message !== "return not in a function") return 0;
    host.end = undefined; // it is a function body
    const body = engine.evaluate(BODY_PREFIX + script + BODY_SUFFIX, SCRIPT_NAME);
    if (body.ok) this.#settle(body.value, host, clock);
    else this.#failToCompile(body.thrown, host);
    return BODY_PREFIX.length;
  }

  /** Runs jobs until the promise of the script's value is settled, then until the prelude has told the host of it. */
  #settle(promise: Handle, host: HostCalls, clock: Clock): void {
    const engine = this.#engine;
    let settled = engine.settled(promise);
    while (!settled && !host.end && engine.runJob()) {
      host.end ??= clock.reached();
      settled = engine.settled(promise);
    }
    if (host.end || !settled) return;
    if (!settled.ok) {
      this.#fail(settled.thrown, host);
      return;
    }
    const concluded = engine.call(this.#prelude.conclude, settled.value);
    if (!concluded.ok && !host.end) this.#fail(concluded.thrown, host);
    while (!host.end && engine.runJob()) host.end ??= clock.reached();
  }

  #failToCompile(thrown: Handle, host: HostCalls): ScriptEnd | undefined {
    const end = this.#fail(thrown, host);
    if (end?.kind === "thrown") host.end = { ...end, compiling: true };
    return host.end;
  }

  /** Lets the guest tell what was thrown; the answer is the play's end. */
  #fail(thrown: Handle, host: HostCalls): ScriptEnd | undefined {
    const told = this.#engine.call(this.#prelude.fail, thrown);
    if (!told.ok && !host.end) throw new EngineFailure("quickjs: out of memory");
    return host.end;
  }

  /** The engine counts blocks; gaps between them, which a script can make, are counted here. */
  #memoryReached({ memoryBytes }: Limits): ScriptEnd | undefined {
    const used = this.#engine.memoryBytes - this.#image.bytes;
    if (used <= MOST_GAPS * memoryBytes) return undefined;
    return { kind: "limit", limit: "memory_bytes", used, allowed: memoryBytes };
  }

  /**
   * Known bugs of engines read beyond what was allocated. So that they find nothing of others, what a play left outside
   * the image is wiped before another caller's or another circle's.
   */
  #reset({ circle, caller }: InstancePlay): void {
    const keepStale = this.#lastCircle === circle && this.#lastCaller === caller;
    this.#lastCircle = circle;
    this.#lastCaller = caller;
    if (this.#engine.restore(this.#image, { keepStale })) return;
    // Memory cannot shrink: what grew beyond the image is dropped with its instance.
    this.#engine = this.#makeEngine();
    this.#engine.restore(this.#image);
  }

  #makeEngine(): QuickjsEngine {
    return new QuickjsEngine(this.#module, {
      call: (operation, payload) => this.#host.call(operation, payload),
      interrupted: () => this.#host.interrupted(),
    });
  }
}

const NOBODY = { call: () => "", interrupted: () => false };

const STALLED: ScriptEnd = {
  kind: "thrown",
  name: "Error",
  message: "the script awaits something that can never happen",
};

function loadPrelude(engine: QuickjsEngine): Prelude {
  const must = (evaluated: Evaluated): Handle => {
    if (evaluated.ok) return evaluated.value;
    throw new EngineFailure("quickjs: the prelude does not run");
  };
  const prelude = must(engine.call(must(engine.evaluate(PRELUDE, "prelude")), engine.hostFunction()));
  const member = (name: string) => must(engine.call(must(engine.evaluate(`(o) => o.${name}`, "prelude")), prelude));
  return { begin: member("begin"), conclude: member("conclude"), fail: member("fail") };
}

// Drawn ahead: one call to the system's generator for many plays.
const drawn = new Uint32Array(1024);
let taken = drawn.length;

/** Four words to seed a play's `Math.random`, used once. */
function randomWords(): number[] {
  if (taken === drawn.length) {
    crypto.getRandomValues(drawn);
    taken = 0;
  }
  taken += 4;
  return Array.from(drawn.subarray(taken - 4, taken));
}

/** Time a script used. Its thread runs nothing else meanwhile, so both clocks are one until scripts can wait. */
class Clock {
  readonly #start = performance.now();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get elapsedMs(): number {
    return performance.now() - this.#start;
  }

  reached(): ScriptEnd | undefined {
    const used = this.elapsedMs;
    const { cpuMs, wallMs } = this.#limits;
    if (used > cpuMs) return { kind: "limit", limit: "cpu_ms", used: Math.round(used), allowed: cpuMs };
    if (used > wallMs) return { kind: "limit", limit: "wall_ms", used: Math.round(used), allowed: wallMs };
    return undefined;
  }
}

function failureOf(error: unknown, { memoryBytes }: Limits): ScriptEnd {
  if (error instanceof EngineFailure) return { kind: "limit", limit: "memory_bytes", allowed: memoryBytes };
  // A trap inside the engine, or its stack ran into the thread's own: the script's doing either way.
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    return { kind: "thrown", name: "InternalError", message: "the engine could not go on with this script" };
  }
  throw error;
}

function finish(end: ScriptEnd, { script, limits }: InstancePlay, columnsBefore: number): ScriptEnd {
  if (end.kind !== "thrown") return end;
  if (end.name === "InternalError" && end.message.startsWith("out of memory")) {
    return { kind: "limit", limit: "memory_bytes", allowed: limits.memoryBytes };
  }
  return locate(end, script, columnsBefore);
}
