import type { LogHead } from "@circles/sdk/protocol";
import { blame, type Damage } from "./blame.ts";
import { type LogFolder, readSeal, withSegment } from "./open-log.ts";
import { isUnfinished, LogDamaged, parseRecord, readBatches, type SegmentToRead, whyNoBatch } from "./read-log.ts";
import { genesis, headAfter, type RecordOf, type Seal, type SegmentEntry } from "./record.ts";
import { listSegments, segmentName } from "./segments.ts";

export type { Damage } from "./blame.ts";

/** What became of a head that somebody kept. */
export type KeptHead =
  | "there"
  /** Another record has its number. */
  | "altered"
  /** It is older than what is there. */
  | "removed"
  /** The log ends before it. */
  | "cut off";

export type LogReport = {
  /** Files of the log, in order. */
  readonly segments: readonly string[];
  /** Records that are as they were, the first of them, and the head with the last. */
  readonly records: number;
  readonly firstSeq: number | undefined;
  readonly head: LogHead;
  /** The first record that is not as it was. */
  readonly damage?: Damage;
  /** Bytes that count for nothing: what was written after a seal, and what a crash left unfinished. */
  readonly ignored: readonly Ignored[];
  /** Left out if there is damage before the place where it would stand. */
  readonly kept?: KeptHead;
};
export type Ignored = { readonly segment: string; readonly byte: number; readonly why: string };

/** What was found so far. */
type Findings = {
  head: LogHead;
  records: number;
  ignored: Ignored[];
  hash: string | undefined;
  /** One of its checkpoints is whole. */
  hasCheckpoint: boolean;
  readonly keptSeq: number | undefined;
};

/**
 * Checks every record of a log that nobody has open, and changes nothing. `head` is one that somebody kept; without it, a
 * log that was written anew as a whole, or cut off at a record's end, looks like any other. Resolves with `undefined` if
 * there is no log.
 */
export async function verifyLog(log: LogFolder & { head?: LogHead }): Promise<LogReport | undefined> {
  for (;;) {
    const numbers = await listSegments(log.folder);
    const report = await verifySegments(log, numbers).catch((error: unknown) => ({ error }));
    const [first] = await listSegments(log.folder);
    if (first !== numbers[0]) continue; // a relay removed old ones meanwhile, which is no damage
    if (report && "error" in report) throw report.error;
    return report;
  }
}

async function verifySegments(
  { folder, circle, head }: LogFolder & { head?: LogHead },
  numbers: readonly number[],
): Promise<LogReport | undefined> {
  const [first] = numbers;
  if (first === undefined) return undefined;
  const found: Findings = {
    head: genesis(circle),
    records: 0,
    ignored: [],
    hash: undefined,
    hasCheckpoint: false,
    keptSeq: head?.seq,
  };
  let start = found.head;
  let damage: Damage | undefined;
  let seal = await sealOf(first, { folder, circle });
  for (let i = 0; i < numbers.length && !damage; i++) {
    const number = first + i;
    const isNewest = i === numbers.length - 1;
    if (numbers[i] !== number) {
      damage = { segment: segmentName(number), byte: 0, seq: found.head.seq + 1, why: "its segment is missing" };
    } else if (number > 1 && isNewest && seal === undefined) {
      found.ignored.push({ segment: segmentName(number), byte: 0, why: "a segment that was begun and not finished" });
    } else {
      const previous = seal instanceof LogDamaged ? undefined : seal?.segment.previous;
      if (i === 0 && previous) start = found.head = { seq: previous.seq, hash: previous.hash };
      const next = isNewest ? undefined : await sealOf(number + 1, { folder, circle });
      const nextSeal = next instanceof LogDamaged ? undefined : next?.segment.previous;
      damage = await withSize(folder, number, nextSeal, (segment, size) =>
        verifySegment(segment, size, found, nextSeal),
      );
      if (!damage && seal instanceof LogDamaged) {
        damage = { segment: segmentName(number), byte: 0, seq: start.seq + 1, why: seal.message };
      }
      seal = next;
    }
  }
  if (first > 1 && !damage && !found.hasCheckpoint) {
    damage = {
      segment: segmentName(first),
      byte: 0,
      seq: start.seq + 1,
      why: "what was before is gone, and no checkpoint has it",
    };
  }
  const { records, ignored } = found;
  const report = { segments: numbers.map(segmentName), records, head: found.head, ignored };
  const firstSeq = records > 0 ? start.seq + 1 : undefined;
  const kept = head && whatBecameOf(head, { start, found, isWhole: damage === undefined });
  return { ...report, firstSeq, ...(damage ? { damage } : {}), ...(kept ? { kept } : {}) };
}

function whatBecameOf(
  { seq, hash }: LogHead,
  { start, found, isWhole }: { start: LogHead; found: Findings; isWhole: boolean },
): KeptHead | undefined {
  if (seq < start.seq) return "removed";
  const there = seq === start.seq ? start.hash : found.hash;
  if (there !== undefined) return there === hash ? "there" : "altered";
  return isWhole ? "cut off" : undefined;
}

/** How a segment seals the one before it; `undefined` where none is, the damage where there is none any more. */
async function sealOf(
  number: number,
  { folder, circle }: LogFolder,
): Promise<RecordOf<SegmentEntry> | LogDamaged | undefined> {
  if (number === 1) return undefined;
  try {
    return await withSegment(folder, number, undefined, (segment) => readSeal(segment, circle));
  } catch (error) {
    if (error instanceof LogDamaged) return error;
    throw error;
  }
}

/** As `withSegment`, with the file's size beside, and without complaint if that is too small. */
function withSize<T>(
  folder: string,
  number: number,
  seal: Seal | undefined,
  use: (segment: SegmentToRead, size: number) => Promise<T>,
): Promise<T> {
  return withSegment(folder, number, undefined, (segment) => {
    const { size } = segment;
    return use({ ...segment, size: Math.min(size, seal?.bytes ?? size), sealed: seal !== undefined }, size);
  });
}

/** Reads on from `found.head`. Answers what is wrong, if anything is. */
async function verifySegment(
  segment: SegmentToRead,
  size: number,
  found: Findings,
  seal: Seal | undefined,
): Promise<Damage | undefined> {
  const name = segmentName(segment.number);
  const before = found.head;
  for await (const read of readBatches(segment)) {
    if (read.kind !== "batch") {
      if (!(await isUnfinished(segment, read))) {
        return blame(segment, { before, seal, otherwise: { byte: read.offset, why: whyNoBatch(read) } });
      }
      found.ignored.push({ segment: name, byte: read.offset, why: "left unfinished by a crash" });
      break;
    }
    for (const { line, offset } of read.lines) {
      const record = parseRecord(line);
      if (record?.seq !== found.head.seq + 1 || record.prev !== found.head.hash) {
        return blame(segment, { before, seal, otherwise: { byte: offset, why: "it does not follow the one before" } });
      }
      found.head = headAfter(line, record);
      found.records += 1;
      if ("checkpoint" in record && record.checkpoint.last) found.hasCheckpoint = true;
      if (record.seq === found.keptSeq) found.hash = found.head.hash;
    }
  }
  if (seal && (found.head.seq !== seal.seq || found.head.hash !== seal.hash)) {
    return blame(segment, { before, seal, otherwise: { byte: segment.size, why: "the log goes on with others" } });
  }
  if (seal && size > seal.bytes) {
    found.ignored.push({ segment: name, byte: seal.bytes, why: "written after the segment was sealed" });
  }
  return undefined;
}
