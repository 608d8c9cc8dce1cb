import { type EmittedEvents, parseTopic } from "./emitted-events.ts";
import { type FileCalls, MOST_LEVELS } from "./file-calls.ts";
import { isFunctionName } from "./function-names.ts";
import type { LibraryCalls } from "./library-instance.ts";
import { noSuchFunction } from "./loaded-library.ts";
import { hasAtMostLevels, parsePayload, splitName } from "./payloads.ts";
import { type RunningPlay, ScriptError } from "./running-play.ts";
import type { ToolFiles, Tools } from "./sandbox.ts";
import { parseThrown } from "./thrown.ts";
import type { WriteSet } from "./write-set.ts";

/** Where the circle's library is, below its folder. */
const LIBRARY_PATH = "config/library.js";

/** UTF-8 bytes. */
const MOST_LIBRARY_BYTES = 256 * 1024;

const TOOL = /^(policy|library|inbox|log|events)\.[a-z]{1,20}$/;

export type HostCallParts = {
  readonly play: RunningPlay;
  readonly caller: string;
  readonly circle: string;
  readonly files: WriteSet;
  readonly fileCalls: FileCalls;
  readonly emitted: EmittedEvents;
  readonly tools: Tools;
  readonly library: LibraryCalls;
  readonly lane?: "control" | undefined;
};

const utf8 = new TextEncoder();

/**
 * Everything one script can ask of the host. Payloads come from a heap in the script's hands: each is checked here,
 * whatever the prelude checked before, and its length before anything is made of it.
 */
export class HostCalls {
  readonly #parts: HostCallParts;
  #librarySource: string | undefined;

  constructor(parts: HostCallParts) {
    this.#parts = parts;
  }

  /** Answers as the prelude expects, and never throws. */
  call(operation: string, payload: string): string {
    return this.#parts.play.answer(() => this.#dispatch(operation, payload));
  }

  #dispatch(operation: string, payload: string): string {
    switch (operation) {
      case "circle.call":
        this.#requireOrdinaryLane("circle");
        return this.#callLibrary(payload);
      case "tool":
        return this.#callTool(payload);
      case "value":
        return this.#conclude(payload);
      case "thrown":
        this.#parts.play.end = parseThrown(payload);
        return "";
    }
    if (/^(data|files)\.|^emit$/.test(operation)) this.#requireOrdinaryLane(operation);
    const answer = this.#parts.fileCalls.call(operation, payload);
    if (answer === undefined) throw new ScriptError("TypeError", "host: unknown operation");
    return answer;
  }

  #requireOrdinaryLane(what: string): void {
    if (this.#parts.lane !== "control") return;
    throw new ScriptError(
      "TypeError",
      `${what}: not in the control lane, which has policy, library, inbox and log only`,
    );
  }

  #callLibrary(payload: string): string {
    const [name, args] = splitName("circle", payload);
    if (!isFunctionName(name)) {
      throw new ScriptError("TypeError", "circle: expected the name of a function, got another text");
    }
    const { play, library, files, emitted } = this.#parts;
    play.require(`call:${name}`);
    this.#librarySource ??= files.readText(LIBRARY_PATH);
    if (this.#librarySource === undefined) throw noSuchFunction(name);
    const source = this.#librarySource;
    return emitted.atomically(() => files.atomically(() => library.call(source, name, args)));
  }

  #callTool(payload: string): string {
    const { play, caller, circle, files, tools } = this.#parts;
    const { storageBytes } = play.limits;
    if (payload.length > storageBytes) play.reach("storage_bytes", payload.length, storageBytes);
    const call = parsePayload(payload);
    const [operation, args] = Array.isArray(call) ? (call as unknown[]) : [];
    const [, kind] = (typeof operation === "string" && TOOL.exec(operation)) || [];
    if (typeof operation !== "string" || kind === undefined || !Array.isArray(args)) {
      throw new ScriptError("TypeError", "host: expected a tool and its arguments");
    }
    play.require(kind === "events" ? `subscribe:${parseTopic(operation, args[0])}` : kind);
    if (!hasAtMostLevels(args, MOST_LEVELS)) {
      throw new ScriptError("TypeError", `${operation}: expected values of at most ${MOST_LEVELS} levels, got more`);
    }
    if (operation === "library.set") return this.#setLibrary(args[0]);
    if (operation === "policy.allow") play.require("inbox"); // it answers an entry there, and adds to the policy
    const toolFiles: ToolFiles = {
      caller,
      circle,
      readText: (path) => files.readText(path),
      list: (options) => files.list(options),
      write: (path, content) => files.write(path, content),
    };
    const answer = tools.call(operation, args, toolFiles);
    return answer === undefined ? "" : `=${JSON.stringify(answer)}`;
  }

  /** What cannot be loaded is refused now, and not when somebody calls it. */
  #setLibrary(source: unknown): string {
    const { files, library } = this.#parts;
    if (typeof source !== "string") throw new ScriptError("TypeError", "library.set: expected the source of a module");
    const bytes = utf8.encode(source).length;
    if (bytes > MOST_LIBRARY_BYTES) {
      throw new ScriptError("TypeError", `library.set: expected at most ${MOST_LIBRARY_BYTES} bytes, got ${bytes}`);
    }
    const text = source.toWellFormed();
    library.check(text);
    files.write(LIBRARY_PATH, { text });
    this.#librarySource = text;
    return "";
  }

  #conclude(payload: string): string {
    const { play } = this.#parts;
    const end = payload.indexOf("\n");
    const json = payload.slice(end + 1);
    const format = payload.slice(0, end) === "text" ? "text" : "json";
    const allowed = play.limits.outputBytes;
    // A UTF-16 unit is at most three bytes of UTF-8: most results need not be measured.
    const bytes = json.length * 3 > allowed ? utf8.encode(json).length : json.length;
    if (bytes > allowed) play.reach("output_bytes", bytes, allowed);
    const value = parsePayload(json);
    if (format === "text" && typeof value !== "string") throw new ScriptError("TypeError", "value: expected a string");
    play.end = { kind: "value", format, output: format === "text" ? String(value) : json };
    return "";
  }
}
