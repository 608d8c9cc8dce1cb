import { sha256Hex } from "../keys/hash.ts";
import { parsePublicKey } from "../protocol/ids.ts";
import type { LogRecord } from "../protocol/log.ts";
import { genesisText, type LogLine } from "../protocol/log-line.ts";
import type { LogHead } from "../protocol/messages.ts";
import { type ReadLine, readLogLine } from "./read-log-line.ts";

/** A record, and how it stands in its chain. */
export type CheckedRecord = ReadLine & {
  /** Why this record does not follow the one before. */
  readonly fault?: string;
};

export type CheckLogOptions = {
  /** The circle's public key, as `circle.publicKey` has it: the log's first record follows from it. */
  readonly circle: string;
  /** What the first line has to follow: the number and the hash of a record that is known. */
  readonly after?: LogHead | undefined;
};

/**
 * Records of a log, read from the lines that were hashed, each with whether it follows the one before: whoever alters a record
 * has to alter all that come after it, and so a head that somebody kept. Nothing is said of what is before the first line.
 * @throws {TypeError} if a line is no record's, or `circle` no public key; and what `lines` throws.
 */
export async function* checkLog(
  lines: AsyncIterable<LogLine> | Iterable<LogLine>,
  { circle, after }: CheckLogOptions,
): AsyncGenerator<CheckedRecord, void, undefined> {
  const genesis = { seq: 0, hash: sha256Hex(genesisText(parsePublicKey(circle))) };
  let before = after;
  for await (const given of lines) {
    const { record, ...hashed } = readLogLine(given);
    const fault = faultOf(record, before ?? (record.seq === 1 ? genesis : undefined));
    yield { record, ...hashed, ...(fault === undefined ? {} : { fault }) };
    before = { seq: record.seq, hash: hashed.hash };
  }
}

function faultOf({ seq, prev }: LogRecord, before: LogHead | undefined): string | undefined {
  if (!before) return undefined;
  if (seq !== before.seq + 1) return `expected record ${before.seq + 1}, got ${seq}`;
  if (prev === before.hash) return undefined;
  return seq === 1
    ? "record 1 is another circle's first"
    : `record ${seq} does not follow record ${before.seq}: one of them was altered`;
}
