import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { LogHead } from "@circles/sdk/protocol";
import { type BatchLine, type BatchRead, readBatch, syncedOfHeaders } from "./batch.ts";
import { headAfter, type Place, parseLine, type Record } from "./record.ts";
import { segmentName } from "./segments.ts";

/** The log on disk is not what this relay wrote. Nothing is played in its circle until somebody has looked. */
export class LogDamaged extends Error {
  override name = "LogDamaged";
}

/** Called for each record when a log is opened, in order. */
export type OnRecord = (record: Record, place: Place) => void;

/** A segment's file, as far as it counts. */
export type SegmentToRead = {
  readonly number: number;
  readonly file: FileHandle;
  readonly size: number;
  /** Sealed by the next: all of it was on the disk before that was made. */
  readonly sealed: boolean;
};

/** Small enough that reading a long log leaves other circles their turn. */
const CHUNK_BYTES = 2 ** 20;
/** More than a header has, so that none is missed where two chunks meet. */
const OVERLAP_BYTES = 256;
/** Records are parsed so many bytes at a time before others have their turn. */
const TURN_BYTES = 2 ** 18;

/** What comes next in a segment. Only the last is not a batch: what begins there is none. */
export type SegmentPart = BatchRead & { readonly offset: number };

/** The batches of a segment, offsets counted from its start; ends at its end, or after telling of what is no batch. */
export async function* readBatches({ file, size }: Pick<SegmentToRead, "file" | "size">): AsyncGenerator<SegmentPart> {
  let base = 0; // where `buffer` begins in the file
  let buffer = Buffer.alloc(0);
  let offset = 0;
  while (base + offset < size) {
    const read = readBatch(buffer, offset);
    if (read.kind === "batch") {
      const lines = read.lines.map((line) => ({ ...line, offset: base + line.offset }));
      yield { ...read, lines, end: base + read.end, offset: base + offset };
      offset = read.end;
    } else if (read.kind === "short" && base + buffer.length < size) {
      // Twice as much each time, or a large batch would be copied as often as it has chunks.
      const most = Math.max(CHUNK_BYTES, buffer.length - offset);
      const chunk = await readChunk(file, base + buffer.length, Math.min(size, base + buffer.length + most));
      buffer = Buffer.concat([buffer.subarray(offset), chunk]);
      base += offset;
      offset = 0;
    } else {
      yield { ...read, offset: base + offset };
      return;
    }
  }
}

/**
 * Reads a segment and checks that its first record follows `head`, and each the one before. Answers its head and how many
 * of its bytes are whole; what comes after those was left unfinished by a crash. @throws {LogDamaged}
 */
export async function readSegment(
  segment: SegmentToRead,
  head: LogHead,
  onRecord: OnRecord,
): Promise<{ bytes: number; head: LogHead }> {
  let sinceTurn = 0;
  for await (const read of readBatches(segment)) {
    if (read.kind !== "batch") {
      if (await isUnfinished(segment, read)) return { bytes: read.offset, head };
      throw damage(segment, read.offset, `, after record ${head.seq}: ${whyNoBatch(read)}`);
    }
    for (const line of read.lines) {
      const record = checkNext(segment, line, head);
      head = headAfter(line.line, record);
      onRecord(record, { segment: segment.number, offset: line.offset, bytes: line.bytes });
      sinceTurn += line.bytes;
      if (sinceTurn < TURN_BYTES) continue;
      await nextTurn();
      sinceTurn = 0;
    }
  }
  return { bytes: segment.size, head };
}

/**
 * Did a crash leave what begins at a place where no batch is? Then it ends too early, or the file system put zeros where
 * it had not written yet, and no later header knows of it as synced. Batches that were not synced may be lost in any order.
 */
export async function isUnfinished({ file, size, sealed }: SegmentToRead, read: SegmentPart): Promise<boolean> {
  if (sealed) return false;
  let zeros = false;
  let laterBatch = false;
  for (let at = read.offset; at < size; at += CHUNK_BYTES - OVERLAP_BYTES) {
    const chunk = await readChunk(file, at, Math.min(size, at + CHUNK_BYTES));
    zeros ||= chunk.includes(0);
    for (const synced of syncedOfHeaders(chunk)) {
      laterBatch = true;
      if (synced > read.offset) return false;
    }
  }
  return zeros || (read.kind === "short" && !laterBatch);
}

/** Why there is no batch where none is. */
export function whyNoBatch(read: BatchRead): string {
  return read.kind === "damaged" ? read.why : "a batch ends too early";
}

const OPEN_TO_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a segment; `undefined` if there is none. @throws {LogDamaged} if something else is in its place. */
export async function openSegment(path: string, flags = OPEN_TO_READ): Promise<FileHandle | undefined> {
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ELOOP" || error.code === "EISDIR") throw notPlain();
    if (error.code !== "ENOENT") throw error;
  });
  if (!file || (await file.stat()).isFile()) return file ?? undefined;
  await file.close();
  throw notPlain();
}

/** The bytes from `from` to `to`. */
export async function readChunk(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(to - from);
  for (let bytes = 0; bytes < chunk.length; ) {
    const { bytesRead } = await file.read(chunk, bytes, chunk.length - bytes, from + bytes);
    if (bytesRead === 0) throw new LogDamaged(`log: expected ${to} bytes, got ${from + bytes}: its file was cut`);
    bytes += bytesRead;
  }
  return chunk;
}

/** The record in a line, if it is one. */
export function parseRecord(line: string): Record | undefined {
  try {
    return parseLine(line);
  } catch {
    return undefined; // told to the caller as damage
  }
}

export function damage({ number }: Pick<SegmentToRead, "number">, offset: number, why: string): LogDamaged {
  return new LogDamaged(`log: damaged at byte ${offset} of ${segmentName(number)}${why}`);
}

function checkNext(segment: SegmentToRead, { line, offset }: BatchLine, head: LogHead): Record {
  const record = parseRecord(line);
  if (record?.seq === head.seq + 1 && record.prev === head.hash) return record;
  const came = record ? `record ${record.seq}` : "no record";
  throw damage(segment, offset, `: expected record ${head.seq + 1} that follows the one before, got ${came}`);
}

function notPlain(): LogDamaged {
  return new LogDamaged("log: expected a plain file, got a link or something else");
}
