import { hash } from "node:crypto";
import type { LogHead, PublicKey, Sha256, TaskId } from "@circles/sdk/protocol";

/** One change of a document as it stands in the log; `value` is its JSON. */
export type LoggedWrite = { readonly set: string; readonly value: unknown } | { readonly delete: string };

/** How a play ended, as far as its record says. */
export type LoggedEnd =
  | { readonly status: "completed"; readonly output: string; readonly format: "text" | "json" }
  | {
      readonly status: "error" | "cancelled" | "denied" | "expired";
      readonly failure: { readonly code: number; readonly message: string; readonly data?: unknown };
    };

/** What a worker has to say of a play that ended. */
export type PlayEntry = {
  readonly task: TaskId;
  readonly caller: PublicKey;
  readonly script: Sha256;
  readonly args: Sha256;
  /** Unix seconds until which the task id answers with this end. */
  readonly until: number;
  readonly end: LoggedEnd;
  readonly writes: readonly LoggedWrite[];
};

/** A play's line in the log. */
export type Record = PlayEntry & {
  /** Counts from 1. */
  readonly seq: number;
  /** Hash of the line before; of `genesis(circle)` in the first. */
  readonly prev: string;
  /** When it was written, ISO 8601. */
  readonly at: string;
};

/** The head of a circle's log that holds nothing. */
export function genesis(circle: PublicKey): LogHead {
  return { seq: 0, hash: hash("sha256", `circles-log/1\n${circle}\n`) };
}

/** Writes an entry as the line that follows `head`. */
export function makeLine(entry: PlayEntry, head: LogHead): { line: string; head: LogHead } {
  const record: Record = { seq: head.seq + 1, prev: head.hash, at: new Date().toISOString(), ...entry };
  const line = JSON.stringify(record);
  return { line, head: headAfter(line, record) };
}

/** The head of a log that ends with this line. */
export function headAfter(line: string, { seq }: Pick<Record, "seq">): LogHead {
  return { seq, hash: hash("sha256", line) };
}

/** @throws {SyntaxError} if the line is not JSON. What it says is trusted as far as its hash is. */
export function parseLine(line: string): Record {
  return JSON.parse(line) as Record;
}
