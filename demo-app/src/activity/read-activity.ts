import type { LogRecord } from "@circles/sdk";
import type { Peer } from "../peers/peer.ts";

export type Outcome = "completed" | "error" | "cancelled" | "denied" | "expired" | "waiting" | "other";

const MOST_RECORDS = 1_000;
/** Of the scripts by which owners look at their circles: looking is a play too, and would fill what is looked at. */
const LOOKS = new Set(["sha256:cd134b5f8013694f5590323bd7315afb6671f9d9fef3038c2fc2255341fd5b14"]);

/** The newest records of the peer's own circle, oldest first, without those of looking at it. */
export async function readActivity(peer: Peer): Promise<readonly LogRecord[]> {
  const circle = await peer.own();
  const { log } = await circle.play("null", null).played;
  const records: LogRecord[] = [];
  for await (const record of circle.log.records({ after: Math.max(0, log.seq - MOST_RECORDS) })) {
    const isLook = record.kind === "play" && record.caller === peer.publicKey && LOOKS.has(record.script);
    if (!isLook) records.push(record);
  }
  return records;
}

export function outcomeOf(record: LogRecord): Outcome {
  if (record.kind === "denials") return "denied";
  return record.kind === "play" ? record.status : "other";
}
