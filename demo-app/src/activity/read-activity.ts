import type { LogRecord } from "@circles/sdk";
import { sha256Hex } from "@circles/sdk/keys";
import type { Peer } from "../peers/peer.ts";

export type Outcome = "completed" | "error" | "cancelled" | "denied" | "expired" | "waiting" | "other";

/** What is read at most when a view appears; what comes after it is read as it comes. */
const MOST_RECORDS = 1_000;
/** By which this page looks at its owner's circle: looking is a play too, and would fill what is looked at. */
const LOOKS = new Set(
  [
    "log.read(args)",
    "log.storage()",
    "policy.get()",
    "library.get()",
    "inbox.list(args)",
    "data.list('', args)",
    "null",
  ].map((script) => `sha256:${sha256Hex(script)}`),
);

/** Where reading a log begins: the number after which its newest records come. */
export async function newestRecords(peer: Peer): Promise<number> {
  const own = await peer.own();
  const { log } = await own.play("null", null).played;
  return Math.max(0, log.seq - MOST_RECORDS);
}

/** Records of the peer's own circle after a number, oldest first. */
export async function readRecords(peer: Peer, after: number): Promise<readonly LogRecord[]> {
  const own = await peer.own();
  const records: LogRecord[] = [];
  for await (const record of own.log.records({ after })) records.push(record);
  return records;
}

/** A play by which the owner's page only looked. */
export function isLook(record: LogRecord, owner: string): boolean {
  return record.kind === "play" && record.caller === owner && record.writes.length === 0 && LOOKS.has(record.script);
}

export function outcomeOf(record: LogRecord): Outcome {
  if (record.kind === "denials") return "denied";
  return record.kind === "play" ? record.status : "other";
}
