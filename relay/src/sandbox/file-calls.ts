import type { Progress } from "@circles/sdk/protocol";
import { isBase64 } from "./base64.ts";
import { type EmittedEvents, parseTopic } from "./emitted-events.ts";
import { hasAtMostLevels, parseMembers, parsePayload, splitName } from "./payloads.ts";
import type { PlayEvents } from "./play-events.ts";
import { type RunningPlay, ScriptError } from "./running-play.ts";
import type { Content, ListOptions } from "./sandbox.ts";
import type { WriteSet } from "./write-set.ts";

/** Arrays and objects inside each other, in a document or in what a tool is given: others walk them recursively. */
export const MOST_LEVELS = 512;

/** UTF-16 units: no name is longer, see rule NS1 of SPEC.md. */
const MOST_NAME_CHARACTERS = 32 * 101;

/** May this be done? Ends the play where it may not, or answers. */
export type Guard = Pick<RunningPlay, "require" | "holds" | "requireReading">;

export type FileCallsParts = {
  readonly play: RunningPlay;
  readonly files: WriteSet;
  readonly events: PlayEvents;
  readonly emitted: EmittedEvents;
  readonly guard: Guard;
};

type Kind = "document" | "file";

/**
 * What scripts and the circle's library alike ask of the host: documents, files, outputs, events. Each call checks first the name,
 * so that refused names are the same for all, then the capability, and only then looks at the circle.
 */
export class FileCalls {
  readonly #parts: FileCallsParts;

  constructor(parts: FileCallsParts) {
    this.#parts = parts;
  }

  /** `undefined` for an operation that is none of these. */
  call(operation: string, payload: string): string | undefined {
    switch (operation) {
      case "data.get":
        return answerWith("=", this.#read("document", payload));
      case "data.has":
        return `=${this.#read("document", payload) !== undefined}`;
      case "data.set":
        return this.#set(payload);
      case "data.delete":
        return this.#delete("document", payload);
      case "data.list":
        return this.#list("document", payload);
      case "files.read":
        return answerWith("$", this.#read("file", payload));
      case "files.readBytes":
        return answerWith("$", this.#parts.files.readBase64(this.#readable("file", payload)));
      case "files.write":
        return this.#write(payload, (text) => ({ text: text.toWellFormed() }));
      case "files.writeBytes":
        return this.#write(payload, parseBase64);
      case "files.delete":
        return this.#delete("file", payload);
      case "files.list":
        return this.#list("file", payload);
      case "emit":
        return this.#emit(payload);
      case "print":
        this.#parts.events.say(payload.length, () => ({ kind: "print", data: payload }));
        return "";
      case "progress":
        this.#parts.events.say(payload.length, () => ({ kind: "progress", data: parseProgress(payload) }));
        return "";
      default:
        return undefined;
    }
  }

  #read(kind: Kind, name: string): string | undefined {
    return this.#parts.files.readText(this.#readable(kind, name));
  }

  #readable(kind: Kind, name: string): string {
    const path = this.#parts.files.pathOf(kind, name);
    this.#parts.guard.require(`read:${name}`);
    return path;
  }

  #writable(kind: Kind, name: string): string {
    const path = this.#parts.files.pathOf(kind, name);
    this.#parts.guard.require(`write:${name}`);
    return path;
  }

  #set(payload: string): string {
    this.#checkSize(payload);
    const [name, json] = splitName("data.set", payload);
    const path = this.#writable("document", name);
    this.#parts.files.write(path, { json: asJson("data.set", json) });
    return "";
  }

  #emit(payload: string): string {
    const { emitted, guard } = this.#parts;
    emitted.checkSize(payload);
    const [name, json] = splitName("emit", payload);
    const topic = parseTopic("emit", name);
    guard.require(`emit:${topic}`);
    emitted.emit({ topic, json: asJson("emit", json) });
    return "";
  }

  #write(payload: string, parse: (content: string) => Content): string {
    this.#checkSize(payload);
    const [name, content] = splitName("files.write", payload);
    const path = this.#writable("file", name);
    this.#parts.files.write(path, parse(content));
    return "";
  }

  /** Before anything is made of it. Base64 has four characters for three bytes. */
  #checkSize(payload: string): void {
    const { storageBytes } = this.#parts.play.limits;
    const least = Math.floor(payload.length * 0.75) - MOST_NAME_CHARACTERS * 6;
    if (least > storageBytes) this.#parts.play.reach("storage_bytes", least, storageBytes);
  }

  /** Who may not read what is there is told nothing of it, neither by an answer nor by the time it took or what it cost. */
  #delete(kind: Kind, name: string): string {
    const { files, guard } = this.#parts;
    const path = this.#writable(kind, name);
    if (!guard.holds(`read:${name}`)) {
      files.write(path, null);
      return "";
    }
    const exists = files.has(kind, name, path);
    if (exists) files.write(path, null);
    return `=${exists}`;
  }

  #list(kind: Kind, payload: string): string {
    const options = parseListOptions(`${kind === "file" ? "files" : "data"}.list`, payload);
    // Neither what it answers nor how long that takes is to tell of names that may not be read.
    if (!this.#parts.guard.requireReading(options.prefix)) return "=[]";
    const names = this.#parts.files.list({ kind, ...options }, (name) => this.#parts.guard.holds(`read:${name}`));
    return `=${JSON.stringify(names)}`;
  }
}

/** Parsed although the prelude wrote it: what is committed is JSON, whatever became of the guest. */
function asJson(what: string, json: string): string {
  const value = parsePayload(json);
  if (hasAtMostLevels(value, MOST_LEVELS)) return JSON.stringify(value);
  throw new ScriptError("TypeError", `${what}: expected a value of at most ${MOST_LEVELS} levels, got more`);
}

function answerWith(sign: "=" | "$", text: string | undefined): string {
  return text === undefined ? "" : sign + text;
}

function parseBase64(base64: string): Content {
  if (!isBase64(base64)) throw new ScriptError("TypeError", "files.write: expected bytes in base64");
  return { base64 };
}

function parseListOptions(what: string, payload: string): Omit<ListOptions, "kind"> {
  const { prefix, start, limit } = parseMembers(payload);
  const given = (value: unknown): value is string =>
    typeof value === "string" && value.length <= MOST_NAME_CHARACTERS && value.isWellFormed();
  if (!given(prefix)) {
    throw new ScriptError("TypeError", `${what}: expected a prefix of at most ${MOST_NAME_CHARACTERS} characters`);
  }
  if (start !== undefined && !given(start)) {
    throw new ScriptError("TypeError", `${what}: expected a start of at most ${MOST_NAME_CHARACTERS} characters`);
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && Number(limit) > 0)) {
    throw new ScriptError("TypeError", `${what}: expected a limit that is a whole number from 1`);
  }
  return { prefix, start, limit: limit === undefined ? undefined : Number(limit) };
}

function parseProgress(payload: string): Progress {
  const { fraction, note } = parseMembers(payload);
  if (typeof fraction !== "number" || !(fraction >= 0 && fraction <= 1)) {
    throw new ScriptError("TypeError", "progress: expected a fraction from 0 to 1");
  }
  return typeof note === "string" ? { fraction, note } : { fraction };
}
