import type { PublicKey, Sha256, TaskId } from "./ids.ts";
import type { ContentHash, LoggedDenials, LogRecord } from "./log.ts";

/** A record as its log is followed: its line as it is hashed or, where that is long, its hash and what `log.read` shows of it. */
export type LogLine = { readonly line: string } | { readonly hash: Sha256; readonly record: LogRecord };

/** A record as it stands in a line of the log, as far as it is shown. */
export type LoggedRecord = { readonly seq: number; readonly prev: string; readonly at: string } & (
  | {
      readonly task: TaskId;
      readonly caller: PublicKey;
      readonly device?: PublicKey;
      readonly script: Sha256;
      readonly args: Sha256;
      readonly end: LoggedEnd;
      readonly writes: readonly { readonly path: string }[];
      readonly events?: readonly { readonly topic: string }[];
    }
  | Omit<LoggedDenials, "kind">
  | { readonly segment: { readonly number: number } }
  | { readonly checkpoint: unknown }
);

export type LoggedEnd =
  | { readonly status: "completed"; readonly output: string; readonly format: "text" | "json" }
  | {
      readonly status: "error" | "cancelled" | "denied" | "expired";
      readonly failure: { readonly code: number; readonly message: string; readonly data?: unknown };
    }
  | { readonly status: "waiting"; readonly capability: string; readonly expires_at: number };

/** With all of several outputs, an answer could not be told. */
const MOST_OUTPUT_CHARACTERS = 1_024;

/** What is hashed as the line before the first of a circle's log. */
export function genesisText(circle: PublicKey): string {
  return `circles-log/1\n${circle}\n`;
}

/** A record as `log.read` shows it. What was written is told by its path: the values are in the circle's files. */
export function showRecord(record: LoggedRecord): LogRecord {
  const { seq, at } = record;
  const prev = record.prev as Sha256;
  if ("task" in record) {
    const { task, caller, device, script, args, end, writes, events = [] } = record;
    const paths = writes.map(({ path }) => path);
    const topics = events.length > 0 ? { events: events.map(({ topic }) => topic) } : {};
    const play = {
      kind: "play",
      task,
      caller,
      ...(device === undefined ? {} : { device }),
      script: `sha256:${script}` satisfies ContentHash,
      args: `sha256:${args}` satisfies ContentHash,
      writes: paths,
      ...topics,
    } as const;
    return { seq, prev, at, ...play, ...showEnd(end) };
  }
  if ("denials" in record) {
    const { denials, others, since } = record;
    return { seq, prev, at, kind: "denials", since, denials, ...(others ? { others } : {}) };
  }
  if ("segment" in record) return { seq, prev, at, kind: "segment", number: record.segment.number };
  return { seq, prev, at, kind: "checkpoint" };
}

/** Member by member: what else a forged line has there does not stand in the place of the record's own. */
function showEnd(end: LoggedEnd): LoggedEnd {
  switch (end.status) {
    case "completed": {
      const { status, output, format } = end;
      if (output.length <= MOST_OUTPUT_CHARACTERS) return { status, output, format };
      return { status, output: `${output.slice(0, MOST_OUTPUT_CHARACTERS)}…`, format: "text" };
    }
    case "waiting": {
      const { status, capability, expires_at } = end;
      return { status, capability, expires_at };
    }
    default: {
      const { status, failure } = end;
      return { status, failure };
    }
  }
}
