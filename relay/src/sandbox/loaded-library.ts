import type { Image } from "./engine-image.ts";
import type { FileCalls } from "./file-calls.ts";
import { isFunctionName, UNNAMED } from "./function-names.ts";
import { LIBRARY_PRELUDE } from "./library-prelude.ts";
import { loadPrelude } from "./load-prelude.ts";
import { parsePayload } from "./payloads.ts";
import { EngineFailure, type Handle, QuickjsEngine } from "./quickjs-engine.ts";
import { randomWords } from "./random-words.ts";
import { type RunningPlay, ScriptError } from "./running-play.ts";
import { LIBRARY_NAME, locate } from "./stack-trace.ts";
import { isOutOfMemory, parseThrown, type Thrown } from "./thrown.ts";

/** What a module may have allocated when it is loaded: it is put back before every play. */
const MOST_LOAD_BYTES = 4 * 2 ** 20;
/** To say what went wrong, a heap that is full gets this much more. */
const SPARE_BYTES = 2 ** 20;
/** Linear memory for each byte that may be allocated: an array that grows holds its old block beside the new one. */
const MOST_GAPS = 3;

/** An engine with the prelude of libraries and no library in it yet: what every one of them starts from. */
export type LibraryBase = {
  readonly module: WebAssembly.Module;
  readonly image: Image;
  readonly prelude: Record<"load" | "fail" | "begin" | "call", Handle>;
};

export function makeLibraryBase(module: WebAssembly.Module): LibraryBase {
  const engine = new QuickjsEngine(module, NOBODY);
  engine.start();
  const prelude = loadPrelude(engine, LIBRARY_PRELUDE, ["load", "fail", "begin", "call"]);
  return { module, image: engine.save(), prelude };
}

/** Who calls, and what the library may use: all of the circle's files, whoever calls. */
export type LibraryCaller = {
  readonly play: RunningPlay;
  readonly circle: string;
  readonly caller: string;
  readonly fileCalls: FileCalls;
};

type Host = { call(operation: string, payload: string): string; interrupted(): boolean };
type Answer = { readonly operation: string; readonly text: string };

/** A module that was evaluated, in an engine of its own that goes back to that state before every play. */
export class LoadedLibrary {
  readonly #base: LibraryBase;
  #image: Image;
  #engine: QuickjsEngine | undefined;
  #host: Host = NOBODY;
  #lastCaller = "";
  #calls = 0;

  /**
   * Evaluates the module, as a part of `play`. `mostMs` bounds that beside the play's own limits.
   * @throws {ScriptError} where it cannot be loaded, with its place in `source`.
   */
  constructor(base: LibraryBase, source: string, play: RunningPlay, mostMs = Number.POSITIVE_INFINITY) {
    this.#base = base;
    this.#image = base.image;
    const engine = this.#restored();
    const start = play.elapsedMs;
    let answer: Answer | undefined;
    let late = false;
    const interrupted = () => {
      late ||= play.elapsedMs - start > mostMs;
      return late;
    };
    const host = (operation: string, text: string) => {
      if (operation !== "loaded" && operation !== "thrown") return NOT_LOADED;
      answer ??= { operation, text: afterLine(text) };
      return "";
    };
    const memoryBytes = MOST_LOAD_BYTES; // whoever comes first: what is loaded is for all
    this.#run(play, { call: host, interrupted }, () => {
      this.#introduce(engine, {});
      engine.limitMemory(memoryBytes);
      const evaluated = engine.evaluate(source, LIBRARY_NAME, "module");
      // What it began and does not wait for is a part of it too.
      while (evaluated.ok && !interrupted() && !play.interrupted() && engine.runJob());
      const exported = evaluated.ok ? engine.settled(evaluated.value) : evaluated;
      engine.limitMemory(memoryBytes + SPARE_BYTES);
      if (exported?.ok) engine.call(base.prelude.load, exported.value);
      else if (exported) engine.call(base.prelude.fail, exported.thrown);
    });
    if (late) throw new ScriptError("TypeError", `library: expected a module that is loaded within ${mostMs} ms`);
    if (!answer) throw new ScriptError("TypeError", "library: expected a module that awaits nothing but its own doing");
    checkAnswer(answer, source);
    this.#image = engine.save();
    if (this.#image.bytes - base.image.bytes > MOST_GAPS * MOST_LOAD_BYTES) throw tooLarge();
  }

  /** What it keeps: an image, and memory of the same size. */
  get bytes(): number {
    return 2 * this.#image.bytes;
  }

  /**
   * Goes back to how the module was when it was loaded. Known bugs of engines read beyond what was allocated: what an
   * earlier play left outside the image is wiped before another caller's.
   */
  begin({ play, caller, circle }: LibraryCaller): void {
    const keepStale = this.#lastCaller === caller;
    this.#lastCaller = caller;
    const engine = this.#restored({ keepStale });
    this.#run(play, NOBODY, () => this.#introduce(engine, { caller, circle }));
  }

  /** `args` is JSON; answers as a host call does. @throws {ScriptError} for what the script is to catch. */
  call({ play, fileCalls }: LibraryCaller, name: string, args: string): string {
    const engine = this.#engine;
    if (!engine) throw new Error("library: expected to begin before it is called");
    this.#calls += 1;
    const id = `${this.#calls}\n`;
    let answer: Answer | undefined;
    const host = (operation: string, text: string) => {
      if (operation !== "returned" && operation !== "thrown" && operation !== "missing") {
        return play.answer(() => callFiles(fileCalls, operation, text));
      }
      // A call that was given up may still be answered later.
      if (text.startsWith(id)) answer ??= { operation, text: text.slice(id.length) };
      return "";
    };
    this.#run(play, { call: host, interrupted: () => false }, () => {
      engine.limitMemory(play.limits.memoryBytes);
      const called = engine.call(this.#base.prelude.call, engine.string(`${id}${name}\n${args}`));
      if (!called.ok && !play.end) throw new EngineFailure("quickjs: out of memory");
      while (!answer && !play.interrupted() && engine.runJob());
    });
    return answerOf(answer, name, play);
  }

  /** Gives back the memory that a play needed beyond the image's. */
  close(): void {
    if (this.#engine && this.#engine.memoryBytes > this.#image.bytes) this.#engine = undefined;
  }

  #restored(options?: { readonly keepStale: boolean }): QuickjsEngine {
    if (this.#engine?.restore(this.#image, options)) return this.#engine;
    // Memory cannot shrink: what grew beyond the image is dropped with its instance.
    this.#engine = new QuickjsEngine(this.#base.module, {
      call: (operation, payload) => this.#host.call(operation, payload),
      interrupted: () => this.#host.interrupted(),
    });
    this.#engine.restore(this.#image);
    return this.#engine;
  }

  #introduce(engine: QuickjsEngine, who: { readonly caller?: string; readonly circle?: string }): void {
    const context = engine.string(JSON.stringify({ ...who, random: randomWords() }));
    if (!engine.call(this.#base.prelude.begin, context).ok) throw new EngineFailure("quickjs: out of memory");
  }

  /** Lets `use` use the engine while `host` serves it. Leaves where the play has its end by then. */
  #run(play: RunningPlay, host: Host, use: () => void): void {
    const interrupted = () => {
      this.#checkMemory(play);
      return host.interrupted() || play.interrupted();
    };
    this.#host = { call: host.call, interrupted };
    try {
      use();
    } catch (error) {
      this.#engine = undefined; // it stopped wherever it was
      play.breakDown(error);
    } finally {
      this.#host = NOBODY;
    }
    play.pause();
  }

  /** The engine counts blocks; gaps between them, which a library can make, are counted here. */
  #checkMemory(play: RunningPlay): void {
    const { memoryBytes: allowed } = play.limits;
    const used = (this.#engine?.memoryBytes ?? 0) - this.#image.bytes;
    if (used > MOST_GAPS * allowed) play.end ??= { kind: "limit", limit: "memory_bytes", used, allowed };
  }
}

const NOBODY: Host = { call: () => "", interrupted: () => false };
const NOT_LOADED = `!${JSON.stringify({ name: "TypeError", message: "library: expected no host calls while it is loaded" })}`;

function tooLarge(): ScriptError {
  return new ScriptError(
    "TypeError",
    `library: expected a module that takes at most ${MOST_LOAD_BYTES} bytes of memory`,
  );
}

/** @throws {ScriptError} unless the module exports what can be called. */
function checkAnswer({ operation, text }: Answer, source: string): void {
  if (operation === "thrown") throw loadFailure(locate(parseThrown(text), { name: LIBRARY_NAME, source }));
  for (const name of parsePayload(text) as string[]) {
    if (isFunctionName(name)) continue;
    throw new ScriptError(
      "TypeError",
      `library: expected exports named by at most 100 of A-Z a-z 0-9 _ $, and not ${UNNAMED.join(", ")}`,
    );
  }
}

function loadFailure(thrown: Thrown): ScriptError {
  if (isOutOfMemory(thrown)) return tooLarge();
  const { name, message, line, column } = thrown;
  const where = line === undefined ? "" : ` (line ${line}, column ${column})`;
  const kind = name === "SyntaxError" ? name : "TypeError";
  const what = kind === name ? message : `${name}: ${message}`;
  return new ScriptError(kind, `library: ${what}${where}`, { line, column });
}

function answerOf(answer: Answer | undefined, name: string, play: RunningPlay): string {
  if (!answer) throw new ScriptError("Error", `circle.${name}: it awaits something that can never happen`);
  const { operation, text } = answer;
  if (operation === "missing") throw noSuchFunction(name);
  if (operation === "returned") return text === "" ? "" : `=${text}`;
  const thrown = parseThrown(text);
  if (isOutOfMemory(thrown)) {
    return play.stop({ kind: "limit", limit: "memory_bytes", allowed: play.limits.memoryBytes });
  }
  throw new ScriptError(thrown.name, thrown.message); // of the library's source, its stack would tell
}

export function noSuchFunction(name: string): ScriptError {
  return new ScriptError("TypeError", `circle.${name}: there is no such function`);
}

function callFiles(fileCalls: FileCalls, operation: string, payload: string): string {
  const answer = fileCalls.call(operation, payload);
  if (answer === undefined) throw new ScriptError("TypeError", "host: unknown operation");
  return answer;
}

function afterLine(text: string): string {
  return text.slice(text.indexOf("\n") + 1);
}
