import { setImmediate as nextTurn } from "node:timers/promises";
import type { LogHead } from "@circles/sdk/protocol";
import { makeBatch } from "./batch.ts";
import type { Disk } from "./disk.ts";
import { checkHeld, type LogFolder } from "./open-log.ts";
import { type CheckpointEntry, type Entry, makeLine, type Place } from "./record.ts";
import { SegmentFile } from "./segment-file.ts";
import { begunPath, segmentPath } from "./segments.ts";

/** `strict`: what is durable is synced before anybody hears of it. `relaxed`: at most 50 ms later. */
export type Durability = "strict" | "relaxed";

/** A record that was written: the log's head with it, and where it stands. */
export type Appended = { readonly head: LogHead; readonly place: Place };

export type LogWriterOptions = LogFolder & {
  readonly disk: Disk;
  readonly durability: Durability;
  /** Stands in each segment that is begun here. 0: in none. */
  readonly lease: number;
  /** See `Holding`. */
  readonly isHeld?: (() => boolean) | undefined;
  /** Told of each record that was written, in order. */
  readonly onWritten: (entry: Entry, appended: Appended) => void;
};

type Settle<T> = { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void };
type WaitingEntry = Settle<Appended> & { readonly kind: "entry"; readonly entry: Entry; readonly durable: boolean };
/** A part of a checkpoint, to be made when its turn comes. */
type WaitingPart = Settle<CheckpointEntry> & { readonly kind: "part"; readonly makePart: () => CheckpointEntry };
type WaitingSegment = Settle<void> & { readonly kind: "segment" };
type Waiting = WaitingEntry | WaitingPart | WaitingSegment;

type Made = { readonly entry: Entry; readonly line: string; readonly head: LogHead };
type Written = Made & { readonly place: Place };

/** Keep one batch, and what a crash can leave of it, small. One record may have more bytes. */
const MOST_RECORDS_PER_BATCH = 256;
const MOST_BYTES_PER_BATCH = 4 * 2 ** 20;
/** A relaxed log begins to sync so long after a record, to have synced it after 50 ms. */
const RELAXED_MS = 25;

/** Writes a log, one batch of records after the other, and none after a failure. */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #segment: SegmentFile;
  #head: LogHead;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #failure: unknown;
  #closed = false;

  /** Goes on after `head`, the last of `segment`, which is closed with this. */
  constructor(options: LogWriterOptions, { segment, head }: { segment: SegmentFile; head: LogHead }) {
    this.#options = options;
    this.#segment = segment;
    this.#head = head;
  }

  get head(): LogHead {
    return this.#head;
  }

  get segment(): SegmentFile {
    return this.#segment;
  }

  /** Why nothing can be appended any more. */
  get failure(): unknown {
    return this.#failure;
  }

  append(entry: Entry, { durable }: { durable: boolean }): Promise<Appended> {
    return this.#add((settle) => ({ kind: "entry", entry, durable, ...settle }));
  }

  /** The head as it is now, once nothing that the machine does can take it away. Rejects if the log fails. */
  async syncedHead(): Promise<LogHead> {
    const head = this.#head;
    if (this.#options.durability === "strict") {
      await this.#segment.sync().catch((error: unknown) => {
        this.#failure ??= error;
        throw error;
      });
    }
    this.#checkUsable();
    return head;
  }

  /** Begins a new segment after what was appended before. */
  beginSegment(): Promise<void> {
    return this.#add((settle) => ({ kind: "segment", ...settle }));
  }

  /**
   * Appends a part that is made when all before it was appended, everybody has heard of that, and nothing else can come
   * between. The last is synced. If making it throws, nothing was appended.
   */
  appendPart(makePart: () => CheckpointEntry): Promise<CheckpointEntry> {
    return this.#add((settle) => ({ kind: "part", makePart, ...settle }));
  }

  /** Closes it after what was appended; a relaxed one is synced first. What comes after is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    clearTimeout(this.#syncTimer);
    try {
      if (this.#options.durability === "relaxed" && this.#failure === undefined) await this.#segment.sync();
    } finally {
      await this.#segment.close();
    }
  }

  #add<T>(waitingOf: (settle: Settle<T>) => Waiting): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error("log: closed");
      this.#waiting.push(waitingOf({ resolve, reject }));
      this.#writing ??= this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    await new Promise<void>((resolve) => process.nextTick(resolve)); // what is appended in one go, promises and all, goes into one batch
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      let writing: readonly Waiting[] = this.#waiting;
      try {
        this.#checkUsable();
        if (next.kind === "entry") {
          const made = this.#takeEntries();
          writing = made;
          await this.#writeEntries(made);
        } else {
          writing = this.#waiting.splice(0, 1);
          await (next.kind === "part" ? this.#writePart(next) : this.#writeSegment(next));
        }
      } catch (error) {
        this.#failure ??= error; // nobody knows what the disk holds: it is never simply tried again
        for (const { reject } of writing) reject(error);
        if (writing === this.#waiting) this.#waiting.length = 0;
      }
    }
    this.#writing = undefined;
  }

  /** What waits, as records that follow the head. */
  #takeEntries(): (WaitingEntry & Made)[] {
    let { head } = this;
    let bytes = 0;
    const batch: (WaitingEntry & Made)[] = [];
    for (const waiting of this.#waiting) {
      if (waiting.kind !== "entry" || batch.length === MOST_RECORDS_PER_BATCH || bytes > MOST_BYTES_PER_BATCH) break;
      const made = makeLine(waiting.entry, head);
      batch.push({ ...waiting, ...made });
      bytes += made.line.length;
      ({ head } = made);
    }
    this.#waiting.splice(0, batch.length);
    return batch;
  }

  async #writeEntries(batch: readonly (WaitingEntry & Made)[]): Promise<void> {
    const written = writeLines(this.#segment, batch);
    if (batch.some(({ durable }) => durable)) await this.#sync();
    for (const { resolve, ...one } of written) resolve(this.#hear(one));
  }

  async #writePart({ makePart, resolve, reject }: WaitingPart): Promise<void> {
    await nextTurn(); // whoever appended what came before has heard of it
    this.#checkUsable();
    let entry: CheckpointEntry;
    try {
      entry = makePart();
    } catch (error) {
      reject(error);
      return;
    }
    const written = writeLines(this.#segment, [{ entry, ...makeLine(entry, this.#head) }]);
    if (entry.checkpoint.last) await this.#segment.sync();
    for (const one of written) this.#hear(one);
    resolve(entry);
  }

  /**
   * The old segment is synced before it is sealed, and the new one and its folder before anything else is in it. It gets
   * its name when its seal is in it: whoever takes the circle over meanwhile finds all of that, or nothing.
   */
  async #writeSegment({ resolve }: WaitingSegment): Promise<void> {
    const { folder, circle, disk, lease } = this.#options;
    const old = this.#segment;
    await old.sync();
    const number = old.number + 1;
    checkHeld(this.#options);
    if (!Number.isSafeInteger(lease)) throw new RangeError(`log: expected a lease below 2^53, got ${lease}`);
    const begun = begunPath(folder, number);
    const file = await disk.create(begun);
    const segment = new SegmentFile(file, { number, bytes: 0, disk });
    try {
      const previous = { number: old.number, bytes: old.bytes, ...this.#head };
      const entry = { segment: { number, circle, ...(lease > 0 ? { lease } : {}), previous } };
      const written = writeLines(segment, [{ entry, ...makeLine(entry, this.#head) }]);
      await segment.sync();
      checkHeld(this.#options);
      await disk.link(begun, segmentPath(folder, number));
      await disk.remove(begun);
      await disk.syncFolder(folder);
      this.#segment = segment;
      for (const one of written) this.#hear(one);
    } catch (error) {
      await segment.close();
      throw error;
    }
    await old.close();
    resolve();
  }

  #hear({ entry, head, place }: Written): Appended {
    this.#head = head;
    const appended = { head, place };
    this.#options.onWritten(entry, appended);
    return appended;
  }

  async #sync(): Promise<void> {
    if (this.#options.durability === "strict") return this.#segment.sync();
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      this.#segment.sync().catch((error: unknown) => {
        this.#failure ??= error;
      });
    }, RELAXED_MS);
  }

  #checkUsable(): void {
    checkHeld(this.#options);
    if (this.#failure !== undefined) throw new Error("log: closed after a failure", { cause: this.#failure });
  }
}

/** Appends a batch, and answers where each line stands. */
function writeLines<T extends Made>(segment: SegmentFile, batch: readonly T[]): (T & Written)[] {
  const lines = batch.map(({ line }) => line);
  const { bytes, firstLine } = makeBatch(lines, { synced: segment.synced });
  let offset = segment.bytes + firstLine;
  segment.append(bytes);
  return batch.map((made) => {
    const place = { segment: segment.number, offset, bytes: Buffer.byteLength(made.line) };
    offset += place.bytes + 1;
    return { ...made, place };
  });
}
