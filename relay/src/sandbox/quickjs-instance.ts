import type { Event } from "../task.ts";
import { EmittedEvents } from "./emitted-events.ts";
import { FileCalls, type Guard } from "./file-calls.ts";
import { HostCalls } from "./host-calls.ts";
import { LibraryInstance } from "./library-instance.ts";
import { loadPrelude } from "./load-prelude.ts";
import { PlayEvents } from "./play-events.ts";
import { EngineFailure, type Handle, QuickjsEngine } from "./quickjs-engine.ts";
import { randomWords } from "./random-words.ts";
import { RunningPlay } from "./running-play.ts";
import type { Authority, Limits, ScriptEnd, ScriptResult, Snapshot, Tools } from "./sandbox.ts";
import { SCRIPT_PRELUDE } from "./script-prelude.ts";
import { locate, SCRIPT_NAME } from "./stack-trace.ts";
import { isOutOfMemory } from "./thrown.ts";
import { WriteSet } from "./write-set.ts";

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
  /** What it may do, asked at every host call; `undefined` stands for everything. */
  readonly authority: () => Authority | undefined;
  readonly lane?: "control" | undefined;
  readonly tools: Tools;
};

// A script with a top-level `return` becomes a function body that begins on the same line, so that lines stay.
const BODY_PREFIX = "(async () => ({ value: await (async () => {";
const BODY_SUFFIX = "\n})() }))()";

/** Linear memory for each byte that a script may allocate: an array that grows holds its old block beside the new one. */
const MOST_GAPS = 3;

/** Runs scripts one after the other on this thread, each in a heap that no script used before. */
export class QuickjsInstance {
  readonly #module: WebAssembly.Module;
  readonly #image: ReturnType<QuickjsEngine["save"]>;
  readonly #prelude: Record<"begin" | "conclude" | "fail", Handle>;
  readonly #library: LibraryInstance;
  #engine: QuickjsEngine;
  #lastCircle = "";
  #lastCaller = "";
  #host: { call(operation: string, payload: string): string; interrupted(): boolean } = NOBODY;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.#engine = this.#makeEngine();
    this.#engine.start();
    this.#prelude = loadPrelude(this.#engine, SCRIPT_PRELUDE, ["begin", "conclude", "fail"]);
    this.#library = new LibraryInstance(module);
    this.#image = this.#engine.save();
  }

  /** Linear memory of the engine in use. */
  get memoryBytes(): number {
    return this.#engine.memoryBytes;
  }

  run(play: InstancePlay): ScriptResult {
    this.#reset(play);
    const running = new RunningPlay(play);
    const { circle, caller, tools, lane } = play;
    const files = new WriteSet(play.snapshot, running);
    const events = new PlayEvents(running, play.emit);
    const emitted = new EmittedEvents(running);
    // Written out: a spread costs as much as all the rest of this.
    const library = this.#library.open({
      play: running,
      circle,
      caller,
      fileCalls: new FileCalls({ play: running, files, events, emitted, guard: EVERYTHING }),
    });
    const fileCalls = new FileCalls({ play: running, files, events, emitted, guard: running });
    const host = new HostCalls({ play: running, circle, caller, files, fileCalls, emitted, library, tools, lane });
    let { memoryBytes } = running.limits;
    this.#host = {
      call: (operation, payload) => {
        const answer = host.call(operation, payload);
        if (running.limits.memoryBytes !== memoryBytes) {
          memoryBytes = running.limits.memoryBytes;
          this.#engine.limitMemory(memoryBytes);
        }
        return answer;
      },
      interrupted: () => running.interrupted() || this.#memoryReached(running),
    };
    let columnsBefore = 0;
    try {
      this.#engine.limitMemory(memoryBytes);
      columnsBefore = this.#evaluate(play, running);
    } catch (error) {
      this.#engine = this.#makeEngine();
      running.breakDown(error);
    } finally {
      this.#host = NOBODY;
      library.close();
    }
    if (running.failure) throw running.failure;
    const end = finish(running.end ?? STALLED, play.script, columnsBefore, running.limits);
    const [writes, told] = end.kind === "value" ? [files.writes, emitted.all] : [[], []];
    const result = { end, writes, cpuMs: running.elapsedMs, killed: false, used: running.used };
    return told.length > 0 ? { ...result, emitted: told } : result;
  }

  /** Runs the script until the play has an end, or nothing is left to run. Answers the columns put before the source. */
  #evaluate(play: InstancePlay, running: RunningPlay): number {
    const engine = this.#engine;
    const { script, caller, circle, args } = play;
    const names = JSON.stringify({ caller, circle, random: randomWords() });
    const context = engine.string(`${names.slice(0, -1)},"args":${args}}`);
    if (!engine.call(this.#prelude.begin, context).ok) throw new EngineFailure("quickjs: out of memory");
    const evaluated = engine.evaluate(script, SCRIPT_NAME, "awaiting-script");
    if (evaluated.ok) {
      this.#settle(evaluated.value, running);
      return 0;
    }
    const end = this.#failToCompile(evaluated.thrown, running);
    if (end?.kind !== "thrown" || end.name !== "SyntaxError" || end.message !== "return not in a function") return 0;
    running.end = undefined; // it is a function body
    const body = engine.evaluate(BODY_PREFIX + script + BODY_SUFFIX, SCRIPT_NAME);
    if (body.ok) this.#settle(body.value, running);
    else this.#failToCompile(body.thrown, running);
    return BODY_PREFIX.length;
  }

  /** Runs jobs until the promise of the script's value is settled, then until the prelude has told the host of it. */
  #settle(promise: Handle, running: RunningPlay): void {
    const engine = this.#engine;
    let settled = engine.settled(promise);
    while (!settled && !running.end && engine.runJob()) {
      running.interrupted();
      settled = engine.settled(promise);
    }
    if (running.end || !settled) return;
    if (!settled.ok) {
      this.#fail(settled.thrown, running);
      return;
    }
    const concluded = engine.call(this.#prelude.conclude, settled.value);
    if (!concluded.ok && !running.end) this.#fail(concluded.thrown, running);
    while (!running.interrupted() && engine.runJob());
  }

  #failToCompile(thrown: Handle, running: RunningPlay): ScriptEnd | undefined {
    const end = this.#fail(thrown, running);
    if (end?.kind === "thrown") running.end = { ...end, compiling: true };
    return running.end;
  }

  /** Lets the guest tell what was thrown; the answer is the play's end. */
  #fail(thrown: Handle, running: RunningPlay): ScriptEnd | undefined {
    const told = this.#engine.call(this.#prelude.fail, thrown);
    if (!told.ok && !running.end) throw new EngineFailure("quickjs: out of memory");
    return running.end;
  }

  /** The engine counts blocks; gaps between them, which a script can make, are counted here. */
  #memoryReached(running: RunningPlay): boolean {
    const { memoryBytes: allowed } = running.limits;
    const used = this.#engine.memoryBytes - this.#image.bytes;
    if (used <= MOST_GAPS * allowed) return false;
    running.end ??= { kind: "limit", limit: "memory_bytes", used, allowed };
    return true;
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

/** A library's authority, whoever calls it. */
const EVERYTHING: Guard = { require: () => {}, holds: () => true, requireReading: () => true };

const NOBODY = { call: () => "", interrupted: () => false };

const STALLED: ScriptEnd = {
  kind: "thrown",
  name: "Error",
  message: "the script awaits something that can never happen",
};

function finish(end: ScriptEnd, script: string, columnsBefore: number, { memoryBytes: allowed }: Limits): ScriptEnd {
  if (end.kind !== "thrown") return end;
  if (isOutOfMemory(end)) return { kind: "limit", limit: "memory_bytes", allowed };
  return locate(end, { name: SCRIPT_NAME, source: script, columnsBefore });
}
