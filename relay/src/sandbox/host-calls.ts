import type { Progress } from "@circles/sdk/protocol";
import type { Event } from "../task.ts";
import { type LimitName, type Limits, RefusedName, type ScriptEnd, type Snapshot, type Write } from "./sandbox.ts";

export type HostCallParts = {
  readonly snapshot: Snapshot;
  readonly limits: Limits;
  readonly emit: (event: Event) => void;
};

/** UTF-16 units of each part of what a script throws. */
export const MOST_THROWN_CHARACTERS = 4_096;
/** Three parts, each unit written as `\\uXXXX`, with their names. */
const MOST_THROWN_PAYLOAD_CHARACTERS = 3 * 6 * MOST_THROWN_CHARACTERS + 64;

/**
 * Arrays and objects inside each other, in a document. The commit, on a main thread's stack, walks them recursively:
 * V8's own JSON.stringify fails there at some 4,000.
 */
const MOST_DOCUMENT_LEVELS = 512;

/** What a change costs beside its texts: a file on a disk, places in indexes, and a part of every message it is in. */
const WRITE_BYTES = 1_024;

const utf8 = new TextEncoder();

/** The script gets it as a `TypeError`. */
class RefusedPayload extends Error {
  override name = "RefusedPayload";
}

/**
 * Everything one script can ask of the host, with the limits on it and the write set it builds. Payloads come from a
 * heap in the script's hands: each is checked here, whatever the prelude checked before, and its length before anything
 * is made of it. So only the snapshot can make `call` throw.
 */
export class HostCalls {
  readonly #parts: HostCallParts;
  readonly #writes = new Map<string, Write & { bytes: number }>();
  #storageBytes = 0;
  #events = 0;
  #eventBytes = 0;
  /** Set when the script has concluded, or must be stopped because it reached a limit. */
  end: ScriptEnd | undefined;

  constructor(parts: HostCallParts) {
    this.#parts = parts;
  }

  get writes(): Write[] {
    return Array.from(this.#writes.values(), ({ name, value }) => ({ name, value }));
  }

  /** Answers as the prelude expects. Once the play has an end it answers errors only, so that nothing follows it. */
  readonly call = (operation: string, payload: string): string => {
    if (this.end) return refusal("Error", "the play has ended");
    try {
      return this.#dispatch(operation, payload);
    } catch (error) {
      if (error instanceof RefusedName || error instanceof RefusedPayload) return refusal("TypeError", error.message);
      throw error;
    }
  };

  #dispatch(operation: string, payload: string): string {
    switch (operation) {
      case "data.get": {
        const value = this.#read(payload);
        return value === undefined ? "" : `=${value}`;
      }
      case "data.has":
        return `=${this.#read(payload) !== undefined}`;
      case "data.set":
        return this.#set(payload);
      case "data.delete": {
        const existed = this.#read(payload) !== undefined;
        return existed ? this.#write(payload, null) || "=true" : "=false";
      }
      case "data.list":
        return `=${JSON.stringify(this.#list(payload))}`;
      case "print":
        return this.#emit(payload, () => ({ kind: "print", data: payload }));
      case "progress":
        return this.#emit(payload, () => ({ kind: "progress", data: parseProgress(payload) }));
      case "value":
        return this.#conclude(payload);
      case "thrown":
        this.end = parseThrown(payload);
        return "";
      default:
        return refusal("TypeError", "host: unknown operation");
    }
  }

  #read(name: string): string | undefined {
    const { snapshot } = this.#parts;
    snapshot.checkName(name);
    const written = this.#writes.get(name);
    return written ? (written.value ?? undefined) : snapshot.read(name);
  }

  #list(prefix: string): string[] {
    const names = new Set(this.#parts.snapshot.list(prefix));
    for (const { name, value } of this.#writes.values()) {
      if (!name.startsWith(prefix)) continue;
      if (value === null) names.delete(name);
      else names.add(name);
    }
    return [...names].toSorted();
  }

  #set(payload: string): string {
    const { storageBytes } = this.#parts.limits;
    if (payload.length > storageBytes) return this.#reach("storage_bytes", payload.length, storageBytes);
    const end = payload.indexOf("\n");
    const name = parse(payload.slice(0, end));
    if (typeof name !== "string") throw new RefusedPayload("data.set: expected a name");
    // Parsed although the prelude wrote it: what is committed is JSON, whatever became of the guest.
    const value = parse(payload.slice(end + 1));
    if (!hasAtMostLevels(value, MOST_DOCUMENT_LEVELS)) {
      throw new RefusedPayload(`data.set: expected a value of at most ${MOST_DOCUMENT_LEVELS} levels, got more`);
    }
    return this.#write(name, JSON.stringify(value));
  }

  #write(name: string, value: string | null): string {
    this.#parts.snapshot.checkName(name);
    const bytes = WRITE_BYTES + utf8.encode(name).length + (value === null ? 0 : utf8.encode(value).length);
    this.#storageBytes += bytes - (this.#writes.get(name)?.bytes ?? 0);
    const { storageBytes } = this.#parts.limits;
    if (this.#storageBytes > storageBytes) return this.#reach("storage_bytes", this.#storageBytes, storageBytes);
    this.#writes.set(name, { name, value, bytes });
    return "";
  }

  #emit(
    payload: string,
    makeEvent: () => { kind: "print"; data: string } | { kind: "progress"; data: Progress },
  ): string {
    const { limits, emit } = this.#parts;
    this.#events += 1;
    if (this.#events > limits.events) return this.#reach("events", this.#events, limits.events);
    if (payload.length > limits.eventBytes) return this.#reach("event_bytes", payload.length, limits.eventBytes);
    const event = makeEvent();
    this.#eventBytes += utf8.encode(JSON.stringify(event.data)).length;
    if (this.#eventBytes > limits.eventBytes) return this.#reach("event_bytes", this.#eventBytes, limits.eventBytes);
    emit({ seq: this.#events, ...event });
    return "";
  }

  #conclude(payload: string): string {
    const end = payload.indexOf("\n");
    const json = payload.slice(end + 1);
    const format = payload.slice(0, end) === "text" ? "text" : "json";
    const allowed = this.#parts.limits.outputBytes;
    // A UTF-16 unit is at most three bytes of UTF-8: most results need not be measured.
    const bytes = json.length * 3 > allowed ? utf8.encode(json).length : json.length;
    if (bytes > allowed) return this.#reach("output_bytes", bytes, allowed);
    const value = parse(json);
    if (format === "text" && typeof value !== "string") throw new RefusedPayload("value: expected a string");
    this.end = { kind: "value", format, output: format === "text" ? String(value) : json };
    return "";
  }

  #reach(limit: LimitName, used: number, allowed: number): string {
    this.end = { kind: "limit", limit, used, allowed };
    return refusal("Error", `limit reached: ${limit}`);
  }
}

function refusal(name: string, message: string): string {
  return `!${JSON.stringify({ name, message })}`;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new RefusedPayload("host: expected JSON");
  }
}

function parseMembers(json: string): Record<string, unknown> {
  const value = parse(json);
  if (typeof value !== "object" || value === null) throw new RefusedPayload("host: expected an object");
  return value as Record<string, unknown>;
}

/** Does not recurse deeper than `levels`, whatever the value. */
function hasAtMostLevels(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => hasAtMostLevels(member, levels - 1));
}

function parseProgress(payload: string): Progress {
  const { fraction, note } = parseMembers(payload);
  if (typeof fraction !== "number" || !(fraction >= 0 && fraction <= 1)) {
    throw new RefusedPayload("progress: expected a fraction from 0 to 1");
  }
  return typeof note === "string" ? { fraction, note } : { fraction };
}

function parseThrown(payload: string): ScriptEnd {
  if (payload.length > MOST_THROWN_PAYLOAD_CHARACTERS) throw new RefusedPayload("thrown: expected a shorter text");
  const { name, message, stack } = parseMembers(payload);
  const shorten = (value: unknown) =>
    typeof value === "string" ? value.slice(0, MOST_THROWN_CHARACTERS).toWellFormed() : "";
  return { kind: "thrown", name: shorten(name), message: shorten(message), stack: shorten(stack) };
}
