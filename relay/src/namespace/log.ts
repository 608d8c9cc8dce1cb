import { constants, fdatasync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { LogHead, PublicKey } from "@circles/sdk/protocol";
import { type BatchRead, isTorn, makeBatch, readBatch } from "./batch.ts";
import { genesis, headAfter, makeLine, type PlayEntry, parseLine, type Record } from "./record.ts";

/** The log on disk is not what this relay wrote. Nothing is played in its circle until somebody has looked. */
export class LogDamaged extends Error {
  override name = "LogDamaged";
}

/** Where a record's line stands in its log. */
export type Place = { readonly offset: number; readonly bytes: number };

/** A record that was written: the log's head with it, and where it stands. */
export type Appended = { readonly head: LogHead; readonly place: Place };

type Waiting = {
  readonly entry: PlayEntry;
  readonly durable: boolean;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
};

/** Called for each record when a log is opened, in order. */
export type OnRecord = (record: Record, place: Place) => void;

/** Keeps one batch, and what a crash can leave of it, small. */
const MOST_RECORDS_PER_BATCH = 256;
const CHUNK_BYTES = 4 * 2 ** 20;
const sync = promisify(fdatasync);

/**
 * One circle's log (DESIGN §5): what is appended and synced has happened. An append that fails leaves the log unusable;
 * it is to be closed, and opening it again cuts off what was not written whole.
 */
export class CircleLog {
  readonly #file: FileHandle;
  #bytes: number;
  #head: LogHead;
  readonly #waiting: Waiting[] = [];
  #writing = false;
  #failure: unknown;

  private constructor(file: FileHandle, bytes: number, head: LogHead) {
    this.#file = file;
    this.#bytes = bytes;
    this.#head = head;
  }

  /** Makes a log's first file; its folder exists. @throws if there is one. */
  static async create(path: string, circle: PublicKey): Promise<CircleLog> {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
    const file = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    await syncFolder(dirname(path));
    return new CircleLog(file, 0, genesis(circle));
  }

  /**
   * Opens a log, checks it from its first record and cuts off a last batch that was not written whole. Resolves with
   * `undefined` if there is none. @throws {LogDamaged} where records are not the ones that were written.
   */
  static async open(path: string, circle: PublicKey, onRecord: OnRecord): Promise<CircleLog | undefined> {
    const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch(noFile);
    if (!file) return undefined;
    try {
      const { bytes, head } = await readAll(file, genesis(circle), onRecord);
      await file.truncate(bytes);
      await file.datasync();
      return new CircleLog(file, bytes, head);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get head(): LogHead {
    return this.#head;
  }

  /**
   * Writes the entry as the next record and, if `durable`, syncs it: then it has happened whatever the machine does.
   * Without, it survives the end of this process. Entries that come while others are being synced are written and synced
   * together, as one batch. Resolves in the order of the calls, so a record is known no earlier than those before it.
   */
  append(entry: PlayEntry, { durable }: { durable: boolean }): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, durable, resolve, reject });
      if (this.#waiting.length === 1 && !this.#writing) queueMicrotask(() => void this.#writeAll());
    });
  }

  /** A record that was appended or read before, and what the log's head was with it. */
  async read({ offset, bytes }: Place): Promise<{ record: Record; head: LogHead }> {
    const buffer = Buffer.alloc(bytes);
    await this.#file.read(buffer, 0, bytes, offset);
    const line = buffer.toString("utf8");
    const record = parseLine(line);
    return { record, head: headAfter(line, record) };
  }

  /** Appends that wait reject: to be called when nobody does. */
  async close(): Promise<void> {
    this.#failure ??= new Error("log: closed");
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_RECORDS_PER_BATCH);
      try {
        const appended = await this.#writeBatch(batch);
        for (const [i, { resolve }] of batch.entries()) resolve(appended[i] as Appended);
      } catch (error) {
        this.#failure ??= error; // after a failed sync nobody knows what the disk holds: it is never simply tried again
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<Appended[]> {
    if (this.#failure !== undefined) throw new Error("log: closed after a failure", { cause: this.#failure });
    const lines: string[] = [];
    const appended: Appended[] = [];
    let { head } = this;
    let offset = 0;
    for (const { entry } of batch) {
      const made = makeLine(entry, head);
      const bytes = Buffer.byteLength(made.line);
      lines.push(made.line);
      appended.push({ head: made.head, place: { offset, bytes } });
      offset += bytes + 1;
      ({ head } = made);
    }
    const { bytes, firstLine } = makeBatch(lines);
    // Synchronous: into the page cache it takes microseconds, less than the way through a thread pool.
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#file.fd, bytes, written, bytes.length - written, this.#bytes + written);
    }
    if (batch.some(({ durable }) => durable)) await sync(this.#file.fd);
    const start = this.#bytes + firstLine;
    this.#bytes += bytes.length;
    this.#head = head;
    return appended.map(({ head, place }) => ({ head, place: { ...place, offset: start + place.offset } }));
  }
}

async function readAll(
  file: FileHandle,
  start: LogHead,
  onRecord: OnRecord,
): Promise<{ bytes: number; head: LogHead }> {
  let head = start;
  let base = 0; // where `buffer` begins in the file
  let buffer = Buffer.alloc(0);
  let offset = 0;
  let atEnd = false;
  for (;;) {
    if (atEnd && offset === buffer.length) return { bytes: base + offset, head };
    const read: BatchRead = offset === buffer.length ? { kind: "short" } : readBatch(buffer, offset);
    if (read.kind === "batch") {
      for (const { line, offset: at } of read.lines) {
        const place = { offset: base + at, bytes: Buffer.byteLength(line) };
        const record = checkNext(line, head, place.offset);
        head = headAfter(line, record);
        onRecord(record, place);
      }
      offset = read.end;
    } else if (!atEnd) {
      const chunk = await readChunk(file, base + buffer.length);
      atEnd = chunk.length < CHUNK_BYTES;
      buffer = Buffer.concat([buffer.subarray(offset), chunk]);
      base += offset;
      offset = 0;
    } else if (isTorn(buffer, offset, read)) {
      return { bytes: base + offset, head };
    } else {
      const why = read.kind === "damaged" ? read.why : "a batch ends too early";
      throw new LogDamaged(`log: damaged at byte ${base + offset}, after record ${head.seq}: ${why}`);
    }
  }
}

async function readChunk(file: FileHandle, position: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let bytes = 0;
  while (bytes < CHUNK_BYTES) {
    const { bytesRead } = await file.read(chunk, bytes, CHUNK_BYTES - bytes, position + bytes);
    if (bytesRead === 0) break;
    bytes += bytesRead;
  }
  return chunk.subarray(0, bytes);
}

function checkNext(line: string, head: LogHead, offset: number): Record {
  const record = parseLine(line);
  if (record.seq === head.seq + 1 && record.prev === head.hash) return record;
  throw new LogDamaged(
    `log: damaged at byte ${offset}: expected record ${head.seq + 1} that follows the one before, got ${record.seq}`,
  );
}

/** Makes what was created in a folder stay there. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function noFile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
