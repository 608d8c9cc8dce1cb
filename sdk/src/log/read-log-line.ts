import { sha256Hex } from "../keys/hash.ts";
import type { Sha256 } from "../protocol/ids.ts";
import type { LogRecord } from "../protocol/log.ts";
import { type LogLine, showRecord } from "../protocol/log-line.ts";

/** A record of a log, and the hash of its line. */
export type ReadLine = {
  readonly record: LogRecord;
  /** The head of the log that came with a play's result names this hash by the record's number. */
  readonly hash: Sha256;
  /** Its line came and was hashed here. A long line does not come: the relay says its hash, and the next record's line holds it to that. */
  readonly isHashed: boolean;
};

/** What a relay sent as a line of a log. It may be anything. @throws {TypeError} if it is no record's. */
export function readLogLine(given: LogLine): ReadLine {
  const { line, hash, record } = members(given);
  if (typeof line === "string") {
    return { record: checkRecord(() => showRecord(JSON.parse(line))), hash: sha256Hex(line), isHashed: true };
  }
  if (!isHash(hash)) throw notARecord();
  return { record: checkRecord(() => record), hash, isHashed: false };
}

function checkRecord(read: () => unknown): LogRecord {
  let record: unknown;
  try {
    record = read();
  } catch (cause) {
    throw notARecord(cause);
  }
  if (isLogRecord(record)) return record;
  throw notARecord();
}

function notARecord(cause?: unknown): TypeError {
  return new TypeError("log: expected the line of a record, got something else", cause === undefined ? {} : { cause });
}

function isLogRecord(value: unknown): value is LogRecord {
  const record = members(value);
  if (!isCount(record.seq) || !isText(record.prev) || !isText(record.at)) return false;
  switch (record.kind) {
    case "play":
      return isPlay(record);
    case "denials":
      return isText(record.since) && isArrayOf(record.denials, isDenial) && isPlays(record.others ?? { plays: 0 });
    case "segment":
      return isCount(record.number);
    case "checkpoint":
      return true;
    default:
      return false;
  }
}

function isPlay({ task, caller, device = "", script, args, writes, events = [], ...end }: Members): boolean {
  const isAsked = [task, caller, device, script, args].every(isText);
  return isAsked && isArrayOf(writes, isText) && isArrayOf(events, isText) && isEnd(end);
}

function isEnd({ status, output, format, capability, expires_at, failure }: Members): boolean {
  switch (status) {
    case "completed":
      return isText(output) && (format === "text" || format === "json");
    case "waiting":
      return isText(capability) && isCount(expires_at);
    case "error":
    case "cancelled":
    case "denied":
    case "expired": {
      const { code, message } = members(failure);
      return Number.isSafeInteger(code) && isText(message);
    }
    default:
      return false;
  }
}

function isDenial(value: unknown): boolean {
  const { caller, capability } = members(value);
  return isText(caller) && isText(capability) && isPlays(value);
}

function isPlays(value: unknown): boolean {
  return isCount(members(value).plays);
}

type Members = Readonly<Record<string, unknown>>;

function members(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}

function isArrayOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isHash(value: unknown): value is Sha256 {
  return isText(value) && /^[0-9a-f]{64}$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
