import type { FileHandle } from "node:fs/promises";
import type { LogHead } from "@circles/sdk/protocol";
import { type BatchLine, type BatchRead, readBatch, syncedOfHeaders } from "./batch.ts";
import { headAfter, parseLine, type Record } from "./record.ts";

/** The log on disk is not what this relay wrote. Nothing is played in its circle until somebody has looked. */
export class LogDamaged extends Error {
  override name = "LogDamaged";
}

/** Where a record's line stands in its log. */
export type Place = { readonly offset: number; readonly bytes: number };

/** Called for each record when a log is opened, in order. */
export type OnRecord = (record: Record, place: Place) => void;

/** Small enough that reading a long log leaves other circles their turn. */
const CHUNK_BYTES = 2 ** 20;
/** More than a header has, so that none is missed where two chunks meet. */
const OVERLAP_BYTES = 256;

/**
 * Reads a log from its first record and checks that each follows the one before. Answers its head and how many of its
 * bytes are whole; what comes after those was left unfinished by a crash. @throws {LogDamaged}
 */
export async function readLog(
  file: FileHandle,
  genesis: LogHead,
  onRecord: OnRecord,
): Promise<{ bytes: number; head: LogHead }> {
  const { size } = await file.stat();
  let head = genesis;
  let base = 0; // where `buffer` begins in the file
  let buffer = Buffer.alloc(0);
  let offset = 0;
  for (;;) {
    const atEnd = base + buffer.length === size;
    if (atEnd && offset === buffer.length) return { bytes: size, head };
    const read: BatchRead = readBatch(buffer, offset);
    if (read.kind === "batch") {
      for (const line of read.lines) {
        const place = { offset: base + line.offset, bytes: line.bytes };
        const record = checkNext(line, head, place);
        head = headAfter(line.line, record);
        onRecord(record, place);
      }
      offset = read.end;
    } else if (read.kind === "short" && !atEnd) {
      const chunk = await readChunk(file, base + buffer.length, size);
      buffer = Buffer.concat([buffer.subarray(offset), chunk]);
      base += offset;
      offset = 0;
    } else {
      const bytes = base + offset;
      if (await isUnfinished(file, { from: bytes, size }, read)) return { bytes, head };
      const why = read.kind === "damaged" ? read.why : "a batch ends too early";
      throw new LogDamaged(`log: damaged at byte ${bytes}, after record ${head.seq}: ${why}`);
    }
  }
}

/**
 * Did a crash leave what begins at `from`? Then it ends too early, or the file system put zeros where it had not
 * written yet, and no later header knows of it as synced. Batches that were not synced may be lost in any order.
 */
async function isUnfinished(
  file: FileHandle,
  { from, size }: { from: number; size: number },
  { kind }: BatchRead,
): Promise<boolean> {
  let zeros = false;
  let laterBatch = false;
  for (let at = from; at < size; at += CHUNK_BYTES - OVERLAP_BYTES) {
    const chunk = await readChunk(file, at, size);
    zeros ||= chunk.includes(0);
    for (const synced of syncedOfHeaders(chunk)) {
      laterBatch = true;
      if (synced > from) return false;
    }
  }
  return zeros || (kind === "short" && !laterBatch);
}

async function readChunk(file: FileHandle, position: number, size: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - position));
  for (let bytes = 0; bytes < chunk.length; ) {
    const { bytesRead } = await file.read(chunk, bytes, chunk.length - bytes, position + bytes);
    if (bytesRead === 0) throw new Error(`log: expected ${size} bytes, got ${position + bytes}: it is being cut`);
    bytes += bytesRead;
  }
  return chunk;
}

function checkNext({ line }: BatchLine, head: LogHead, { offset }: Place): Record {
  const record = parseRecord(line);
  if (record?.seq === head.seq + 1 && record.prev === head.hash) return record;
  const came = record ? `record ${record.seq}` : "no record";
  throw new LogDamaged(
    `log: damaged at byte ${offset}: expected record ${head.seq + 1} that follows the one before, got ${came}`,
  );
}

function parseRecord(line: string): Record | undefined {
  try {
    return parseLine(line);
  } catch {
    return undefined; // told to the caller as damage
  }
}
