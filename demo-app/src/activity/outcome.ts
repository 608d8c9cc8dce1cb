import type { LogRecord } from "@circles/sdk";
import { sha256Hex } from "@circles/sdk/keys";

export type Outcome = "completed" | "error" | "cancelled" | "denied" | "expired" | "waiting" | "other";

/** By which this page, and the SDK, look at a circle: looking is a play too. */
const LOOKS = new Set(
  [
    "log.storage()",
    "log.read(args)",
    "policy.get()",
    "policy.check(args.peer, args.capability)",
    "library.get()",
    "inbox.list(args)",
    "data.list('', args)",
    "data.get(args)",
    "null",
  ].map((script) => `sha256:${sha256Hex(script)}`),
);

/** A play by which the owner's page only looked. */
export function isLook(record: LogRecord, owner: string): boolean {
  return record.kind === "play" && record.caller === owner && record.writes.length === 0 && LOOKS.has(record.script);
}

export function outcomeOf(record: LogRecord): Outcome {
  if (record.kind === "denials") return "denied";
  return record.kind === "play" ? record.status : "other";
}
