import type { FileHandle } from "node:fs/promises";
import type { LogHead, PublicKey } from "@circles/sdk/protocol";
import { endsCheckpoint } from "./checkpoint.ts";
import { type Disk, OPEN_TO_APPEND } from "./disk.ts";
import {
  damage,
  isUnfinished,
  LogDamaged,
  type OnRecord,
  openSegment,
  parseRecord,
  readBatches,
  readSegment,
  type SegmentToRead,
} from "./read-log.ts";
import { genesis, type Record, type RecordOf, type Seal, type SegmentEntry } from "./record.ts";
import { listBegun, listSegments, segmentName, segmentPath } from "./segments.ts";

export type LogFolder = {
  /** The circle's `logs/`. */
  readonly folder: string;
  readonly circle: PublicKey;
};

/** For how long this process has the circle, where several could. */
export type Holding = {
  /** Names that time: later ones are higher. 0, the default: nobody else could have it, and the log goes on under its last lease. */
  readonly lease?: number | undefined;
  /** Has this process the circle, now? Asked before anything is made or removed. Default: always. */
  readonly isHeld?: (() => boolean) | undefined;
};

/** @throws if somebody else has the circle by now. */
export function checkHeld({ isHeld }: Holding): void {
  if (isHeld?.() === false) throw new Error("log: somebody else has the circle by now");
}

/** Another worker has written to the log under a later lease. */
export class LeaseOutdated extends Error {
  override name = "LeaseOutdated";
  /** The one that the log knows. */
  readonly known: number;

  constructor({ known, lease }: { known: number; lease: number }) {
    super(`log: expected a lease above ${known}, got ${lease}`);
    this.known = known;
  }
}

/** A log that was read, and its newest segment. */
export type OpenedLog = {
  readonly file: FileHandle;
  readonly number: number;
  readonly bytes: number;
  readonly head: LogHead;
  /** The segment that reading began with: the newest with a whole checkpoint, or the first. */
  readonly start: number;
  /** That of its newest segment; 0 if that has none. */
  readonly lease: number;
};

/** More than the first batch of a segment after the first, which is its seal alone. */
const MOST_SEAL_BYTES = 4_096;

/**
 * Reads a log from where its newest whole checkpoint begins, and cuts off what a crash left unfinished at its end; under a
 * new `lease` that stays, for whoever had the one before may still be writing there. Resolves with `undefined` if there is
 * none. @throws {LogDamaged} where records are not the ones that were written. @throws {LeaseOutdated}
 */
export async function openLog(
  { folder, circle, disk, ...holding }: LogFolder & Holding & { disk: Disk },
  onRecord: OnRecord,
): Promise<OpenedLog | undefined> {
  const newest = await removeUnbegun({ folder, circle, disk, ...holding });
  if (newest === undefined) return undefined;
  const known = await leaseOf(newest, { folder, circle });
  const lease = holding.lease || known;
  if (known > lease) throw new LeaseOutdated({ known, lease });
  const seals = new Map<number, Seal>();
  const start = await findStart({ folder, circle }, newest, seals);
  let head: LogHead = seals.get(start - 1) ?? genesis(circle);
  for (let number = start; number < newest; number++) {
    const seal = seals.get(number);
    ({ head } = await withSegment(folder, number, seal, (segment) => readSealed(segment, seal, head, onRecord)));
  }
  const file = await openExisting(folder, newest, OPEN_TO_APPEND);
  try {
    const { size } = await file.stat();
    const read = await readSegment({ number: newest, file, size, sealed: false }, head, onRecord);
    checkHeld(holding);
    if (read.bytes < size && known === lease) await file.truncate(read.bytes);
    await disk.sync(file.fd); // before anything is believed that a process left there
    await disk.syncFolder(folder);
    return { file, number: newest, start, lease: known, ...read };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The record that a segment after the first begins with; `undefined` if a crash came before it was written.
 * @throws {LogDamaged}
 */
export async function readSeal(segment: SegmentToRead, circle: PublicKey): Promise<RecordOf<SegmentEntry> | undefined> {
  const { number, file, size } = segment;
  for await (const read of readBatches({ file, size: Math.min(size, MOST_SEAL_BYTES) })) {
    if (read.kind === "batch") {
      const record = parseRecord(read.lines[0]?.line ?? "");
      if (record && isSeal(record, { number, circle })) return record;
      throw damage(segment, 0, `: expected a record that seals segment ${number - 1} of this circle`);
    }
    if (await isUnfinished(segment, read)) return undefined;
    throw damage(segment, 0, ": expected a batch");
  }
  return undefined;
}

/** Runs `use` with a segment as far as it counts. @throws {LogDamaged} if it is not there, or less of it than was sealed. */
export async function withSegment<T>(
  folder: string,
  number: number,
  seal: Seal | undefined,
  use: (segment: SegmentToRead) => Promise<T>,
): Promise<T> {
  const file = await openExisting(folder, number);
  try {
    const { size } = await file.stat();
    if (seal && size < seal.bytes) {
      throw new LogDamaged(`log: expected ${seal.bytes} bytes of ${segmentName(number)}, got ${size}`);
    }
    return await use({ number, file, size: seal?.bytes ?? size, sealed: seal !== undefined });
  } finally {
    await file.close();
  }
}

async function leaseOf(number: number, { folder, circle }: LogFolder): Promise<number> {
  if (number === 1) return 0;
  const seal = await withSegment(folder, number, undefined, (segment) => readSeal(segment, circle));
  return seal?.segment.lease ?? 0;
}

/**
 * Removes what a crash left of segments that were only begun. A newest segment without its seal is one whose bytes the
 * disk has lost, though it said that it had them: it is as if it were not there.
 */
async function removeUnbegun({
  folder,
  circle,
  disk,
  ...holding
}: LogFolder & Holding & { disk: Disk }): Promise<number | undefined> {
  for (const path of await listBegun(folder)) {
    checkHeld(holding);
    await disk.remove(path);
  }
  const newest = (await listSegments(folder)).at(-1);
  if (newest === undefined || newest === 1) return newest;
  const seal = await withSegment(folder, newest, undefined, (segment) => readSeal(segment, circle));
  if (seal) return newest;
  checkHeld(holding);
  await disk.remove(segmentPath(folder, newest));
  await disk.syncFolder(folder);
  return newest - 1;
}

/** The segment to begin with. Puts into `seals` how each before the newest is sealed, and the one before the start. */
async function findStart({ folder, circle }: LogFolder, newest: number, seals: Map<number, Seal>): Promise<number> {
  for (let number = newest; number > 1; number--) {
    const { seal, isWhole } = await withSegment(folder, number, seals.get(number), async (segment) => ({
      seal: await readSeal(segment, circle),
      isWhole: await hasCheckpoint(segment),
    }));
    if (!seal) throw new LogDamaged(`log: expected the seal of segment ${number - 1} in ${segmentName(number)}`);
    seals.set(number - 1, seal.segment.previous);
    if (isWhole) return number;
  }
  return 1;
}

async function hasCheckpoint(segment: SegmentToRead): Promise<boolean> {
  for await (const read of readBatches(segment)) {
    if (read.kind !== "batch") return false;
    if (read.lines.some(({ line }) => endsCheckpoint(line))) return true;
  }
  return false;
}

async function readSealed(segment: SegmentToRead, seal: Seal | undefined, head: LogHead, onRecord: OnRecord) {
  const read = await readSegment(segment, head, onRecord);
  if (read.head.seq === seal?.seq && read.head.hash === seal.hash) return read;
  throw damage(segment, read.bytes, `: expected to end with record ${seal?.seq} that the next segment seals`);
}

function isSeal(
  record: Record,
  { number, circle }: { number: number; circle: PublicKey },
): record is RecordOf<SegmentEntry> {
  if (!("segment" in record)) return false;
  const { segment, seq, prev } = record;
  const { previous } = segment;
  return (
    segment.number === number &&
    segment.circle === circle &&
    previous.number === number - 1 &&
    previous.seq === seq - 1 &&
    previous.hash === prev
  );
}

async function openExisting(folder: string, number: number, flags?: number): Promise<FileHandle> {
  const file = await openSegment(segmentPath(folder, number), flags);
  if (!file) throw new LogDamaged(`log: expected ${segmentName(number)}, got nothing`);
  return file;
}
