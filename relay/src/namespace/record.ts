import { hash } from "node:crypto";
import { genesisText, type LogHead, type PublicKey, type Sha256, type TaskId } from "@circles/sdk/protocol";
import { isLoggedRecord } from "./record-shape.ts";
import type { LoggedTasks } from "./task-memory.ts";

/** What a file of the circle holds: a document's JSON text, a text, or bytes. */
export type Content = { readonly json: string } | { readonly text: string } | { readonly base64: string };

/** One change of a file. `path` is below the circle's folder; `null` deletes. */
export type Write = { readonly path: string; readonly content: Content | null };

/** How a play ended, as far as its record says. */
export type FinalEnd =
  | { readonly status: "completed"; readonly output: string; readonly format: "text" | "json" }
  | {
      readonly status: "error" | "cancelled" | "denied" | "expired";
      readonly failure: { readonly code: number; readonly message: string; readonly data?: unknown };
    };

/** A play that waits for the owner has a record of that, and later another of how it ended. */
export type LoggedEnd =
  | FinalEnd
  | { readonly status: "waiting"; readonly capability: string /** Unix seconds. */; readonly expires_at: number };

/** What a play told the subscribers of a topic. `data` is JSON. */
export type LoggedEvent = { readonly topic: string; readonly data: unknown };

/** What a worker has to say of a play that ended, or that waits. */
export type PlayEntry = {
  readonly task: TaskId;
  readonly caller: PublicKey;
  /** The device key that signed it for its caller, if one did. */
  readonly device?: PublicKey;
  readonly script: Sha256;
  readonly args: Sha256;
  /** Unix seconds until which the task id answers with this end. */
  readonly until: number;
  readonly end: LoggedEnd;
  /** Left out where there is none. */
  readonly events?: readonly LoggedEvent[];
  readonly writes: readonly Write[];
};

/** What was denied in a while, counted. */
export type DenialsEntry = {
  readonly denials: readonly { readonly caller: PublicKey; readonly capability: string; readonly plays: number }[];
  /** Plays of callers that are not named. */
  readonly others?: { readonly plays: number };
  /** ISO 8601. */
  readonly since: string;
};

/** Begins every segment but the first: it seals the one before at a length and a head. */
export type SegmentEntry = {
  readonly segment: {
    readonly number: number;
    readonly circle: PublicKey;
    /** Who writes here: the lease of one worker, higher than in all segments before. Left out where there is one worker. */
    readonly lease?: number;
    readonly previous: Seal;
  };
};
export type Seal = LogHead & { readonly number: number; readonly bytes: number };

/** A part of the circle's state, as it is at this place of the log. */
export type CheckpointEntry = {
  readonly checkpoint: { /** Counts from 1. */ readonly part: number; readonly last: boolean };
  readonly writes: readonly Write[];
  readonly tasks: LoggedTasks;
};

/** Where a record's line stands in its log. */
export type Place = { readonly segment: number; readonly offset: number; readonly bytes: number };

export type Entry = PlayEntry | DenialsEntry | SegmentEntry | CheckpointEntry;

type Stamp = {
  /** Counts from 1. */
  readonly seq: number;
  /** Hash of the line before; of `genesis(circle)` in the first. */
  readonly prev: string;
  /** When it was written, ISO 8601. */
  readonly at: string;
};

/** An entry that has its place in the log. */
export type RecordOf<E extends Entry> = Stamp & E;
export type Record = RecordOf<PlayEntry> | RecordOf<DenialsEntry> | RecordOf<SegmentEntry> | RecordOf<CheckpointEntry>;

/** The head of a circle's log that holds nothing. */
export function genesis(circle: PublicKey): LogHead {
  return { seq: 0, hash: hash("sha256", genesisText(circle)) };
}

/** Writes an entry as the line that follows `head`. */
export function makeLine(entry: Entry, head: LogHead): { line: string; head: LogHead } {
  const seq = head.seq + 1;
  const stamp = { seq, prev: head.hash, at: new Date().toISOString() };
  const line = "writes" in entry ? lineWithWrites(stamp, entry) : JSON.stringify({ ...stamp, ...entry });
  return { line, head: headAfter(line, { seq }) };
}

/** The head of a log that ends with this line. */
export function headAfter(line: string, { seq }: Pick<Record, "seq">): LogHead {
  return { seq, hash: hash("sha256", line) };
}

/**
 * What stands in a line. The JSON text of a document is made when it is asked for, and then as `JSON.stringify` makes it.
 * @throws {SyntaxError} if the line is not JSON, {TypeError} if it is no record.
 */
export function parseLine(line: string): Record {
  const logged: unknown = JSON.parse(line);
  if (!isLoggedRecord(logged)) throw new TypeError("log: expected a record, got something else");
  const { writes, ...rest } = logged as Line;
  const record: object = writes ? { ...rest, writes: writes.map(parseWrite) } : rest;
  return record as Record;
}

/** How writes stand in a line. */
type Line = { readonly writes?: readonly LoggedWrite[] };
type LoggedWrite = { readonly path: string } & (
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly base64: string }
  | { readonly deleted: true }
);

function lineWithWrites(stamp: Stamp, entry: PlayEntry | CheckpointEntry): string {
  const { writes, ...rest } = entry;
  const start = JSON.stringify({ ...stamp, ...rest }).slice(0, -1);
  return `${start},"writes":[${writes.map(writeText).join(",")}]}`;
}

function writeText({ path, content }: Write): string {
  const start = `{"path":${JSON.stringify(path)}`;
  if (content === null) return `${start},"deleted":true}`;
  // As it came: parsing and making the text of a large document again would hold up every other circle.
  if ("json" in content) return `${start},"json":${oneLine(content.json)}}`;
  if ("text" in content) return `${start},"text":${JSON.stringify(content.text)}}`;
  return `${start},"base64":${JSON.stringify(content.base64)}}`;
}

/** JSON has line breaks between its tokens only, where they mean what a blank means. */
function oneLine(json: string): string {
  return /[\n\r]/.test(json) ? json.replaceAll(/[\n\r]/g, " ") : json;
}

function parseWrite(write: LoggedWrite): Write {
  const { path } = write;
  if ("deleted" in write) return { path, content: null };
  if ("text" in write) return { path, content: { text: write.text } };
  if ("base64" in write) return { path, content: { base64: write.base64 } };
  const content = {
    get json() {
      return JSON.stringify(write.json);
    },
  };
  return { path, content };
}
