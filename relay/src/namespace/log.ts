import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { LogHead, PublicKey } from "@circles/sdk/protocol";
import { makeBatch } from "./batch.ts";
import { type Disk, realDisk } from "./disk.ts";
import { LogDamaged, type OnRecord, type Place, readLog } from "./read-log.ts";
import { genesis, headAfter, makeLine, type PlayEntry, parseLine, type Record } from "./record.ts";

export type LogOptions = { readonly path: string; readonly circle: PublicKey; readonly disk?: Disk };

/** A record that was written: the log's head with it, and where it stands. */
export type Appended = { readonly head: LogHead; readonly place: Place };

type Waiting = {
  readonly entry: PlayEntry;
  readonly durable: boolean;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
};
type Made = Waiting & { readonly line: string; readonly head: LogHead };

// O_APPEND: whoever else should write here, nothing is written over. O_NONBLOCK: not to wait at a pipe put in its place.
const OPEN = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Keep one batch, and what a crash can leave of it, small. One record may have more bytes. */
const MOST_RECORDS_PER_BATCH = 256;
const MOST_BYTES_PER_BATCH = 4 * 2 ** 20;

/**
 * One circle's log (DESIGN §5): what is appended and synced has happened. An append that fails leaves the log unusable;
 * it is to be closed, and opening it again finds what there is.
 */
export class CircleLog {
  readonly #file: FileHandle;
  readonly #disk: Disk;
  #bytes: number;
  /** As many bytes are known to be on the disk. */
  #synced: number;
  #head: LogHead;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;

  private constructor(file: FileHandle, disk: Disk, { bytes, head }: { bytes: number; head: LogHead }) {
    this.#file = file;
    this.#disk = disk;
    this.#bytes = bytes;
    this.#synced = bytes;
    this.#head = head;
  }

  /** Makes a log's first file; its folder exists. @throws if there is one. */
  static async create({ path, circle, disk = realDisk }: LogOptions): Promise<CircleLog> {
    const file = await open(path, OPEN | constants.O_CREAT | constants.O_EXCL, 0o600);
    return closingOnFailure(file, async () => {
      await syncFolder(dirname(path));
      return new CircleLog(file, disk, { bytes: 0, head: genesis(circle) });
    });
  }

  /**
   * Opens a log, checks it from its first record and cuts off what a crash left unfinished at its end. Resolves with
   * `undefined` if there is none. @throws {LogDamaged} where records are not the ones that were written.
   */
  static async open({ path, circle, disk = realDisk }: LogOptions, onRecord: OnRecord): Promise<CircleLog | undefined> {
    const file = await open(path, OPEN).catch(noFile);
    if (!file) return undefined;
    return closingOnFailure(file, async () => {
      const status = await file.stat();
      if (!status.isFile()) throw notPlain();
      const read = await readLog(file, genesis(circle), onRecord);
      if (read.bytes < status.size) await file.truncate(read.bytes);
      await disk.sync(file.fd);
      if (read.bytes === 0) await syncFolder(dirname(path)); // it may have been made a moment before a crash
      return new CircleLog(file, disk, read);
    });
  }

  get head(): LogHead {
    return this.#head;
  }

  /**
   * Writes the entry as the next record and, if `durable`, syncs it and all before it: then it has happened whatever the
   * machine does. Without, it survives the end of this process. Entries that come while others are being synced are
   * written and synced together, as one batch. Resolves in the order of the calls, so a record is known no earlier than
   * those before it.
   */
  append(entry: PlayEntry, { durable }: { durable: boolean }): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, durable, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** A record that was appended or read before, and what the log's head was with it. */
  async read({ offset, bytes }: Place): Promise<{ record: Record; head: LogHead }> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(bytes), 0, bytes, offset);
    if (bytesRead < bytes) throw new LogDamaged(`log: damaged at byte ${offset}: expected a record, got its end`);
    const line = buffer.toString("utf8");
    const record = parseLine(line);
    return { record, head: headAfter(line, record) };
  }

  /** Closes it after what was appended. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // what is appended in the same turn of the loop goes into the same batch
    while (this.#waiting.length > 0) {
      let batch: readonly Waiting[] = this.#waiting;
      try {
        if (this.#failure !== undefined) throw new Error("log: closed after a failure", { cause: this.#failure });
        const made = this.#takeBatch();
        batch = made;
        await this.#writeBatch(made);
      } catch (error) {
        this.#failure ??= error; // nobody knows what the disk holds: it is never simply tried again
        for (const { reject } of batch) reject(error);
        if (batch === this.#waiting) this.#waiting.length = 0;
      }
    }
    this.#writing = undefined;
  }

  /** What waits, as records that follow the head. */
  #takeBatch(): Made[] {
    let { head } = this;
    let bytes = 0;
    const batch: Made[] = [];
    for (const waiting of this.#waiting) {
      if (batch.length === MOST_RECORDS_PER_BATCH || bytes > MOST_BYTES_PER_BATCH) break;
      const made = makeLine(waiting.entry, head);
      batch.push({ ...waiting, ...made });
      bytes += made.line.length;
      ({ head } = made);
    }
    this.#waiting.splice(0, batch.length);
    return batch;
  }

  async #writeBatch(batch: readonly Made[]): Promise<void> {
    const lines = batch.map(({ line }) => line);
    const { bytes, firstLine } = makeBatch(lines, { synced: this.#synced });
    await this.#write(bytes, { durable: batch.some(({ durable }) => durable) });
    let offset = this.#bytes - bytes.length + firstLine;
    for (const { line, head, resolve } of batch) {
      const place = { offset, bytes: Buffer.byteLength(line) };
      offset += place.bytes + 1;
      this.#head = head;
      resolve({ head, place });
    }
  }

  async #write(bytes: Buffer, { durable }: { durable: boolean }): Promise<void> {
    const { fd } = this.#file;
    const size = this.#disk.sizeBytes(fd);
    if (size !== this.#bytes) throw new Error(`log: expected ${this.#bytes} bytes, got ${size}: somebody else wrote`);
    for (let written = 0; written < bytes.length; ) written += this.#disk.append(fd, bytes.subarray(written));
    if (durable) await this.#sync();
    this.#bytes += bytes.length;
    if (durable) this.#synced = this.#bytes;
  }

  async #sync(): Promise<void> {
    const { fd } = this.#file;
    try {
      await this.#disk.sync(fd);
    } catch (error) {
      // The system may have forgotten what it could not write, and show it all the same: none of it counts.
      this.#disk.truncate(fd, this.#synced);
      throw error;
    }
  }
}

async function closingOnFailure<T>(file: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    await file.close();
    throw error;
  }
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
  if (error.code === "ELOOP" || error.code === "EISDIR") throw notPlain();
  if (error.code !== "ENOENT") throw error;
}

function notPlain(): LogDamaged {
  return new LogDamaged("log: expected a plain file, got a link or something else");
}
