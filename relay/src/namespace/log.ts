import type { LogHead } from "@circles/sdk/protocol";
import { type CheckpointState, checkpointParts } from "./checkpoint.ts";
import { type Disk, realDisk } from "./disk.ts";
import { type Appended, type Durability, LogWriter } from "./log-writer.ts";
import { checkHeld, type Holding, type LogFolder, openLog, readSeal, withSegment } from "./open-log.ts";
import { damage, type OnRecord, parseRecord, readChunk } from "./read-log.ts";
import {
  type DenialsEntry,
  type Entry,
  genesis,
  headAfter,
  type Place,
  type PlayEntry,
  type Record,
} from "./record.ts";
import { type OfRecord, type PageOptions, type RecordPage, RecordPages } from "./record-pages.ts";
import { SegmentFile } from "./segment-file.ts";
import { listSegments, segmentPath } from "./segments.ts";

export type { Appended, Durability } from "./log-writer.ts";

export type LogOptions = LogFolder &
  Holding & {
    readonly disk?: Disk | undefined;
    /** Default `"strict"`. */
    readonly durability?: Durability | undefined;
    /** A checkpoint is due after so many bytes of records. Default 16 MiB. */
    readonly segmentBytes?: number | undefined;
  };

const SEGMENT_BYTES = 16 * 2 ** 20;
/** Each lease begins one: so many are read when a circle is opened, and not more. */
const MOST_SEGMENTS = 64;

/**
 * One circle's log (DESIGN §5): what is appended and synced has happened. An append that fails leaves the log unusable;
 * it is to be closed, and opening it again finds what there is.
 */
export class CircleLog {
  readonly #options: LogOptions & { readonly disk: Disk };
  readonly #writer: LogWriter;
  readonly #pages: RecordPages;
  /** The segment of the last whole checkpoint. */
  #checkpointSegment: number;
  /** Bytes of records since that began, parts of checkpoints left out. */
  #grownBytes = 0;
  #checkpointing = false;
  #closed = false;

  private constructor(
    options: LogOptions & { readonly disk: Disk },
    { segment, head, pages, start }: { segment: SegmentFile; head: LogHead; pages: RecordPages; start: number },
  ) {
    this.#options = options;
    this.#pages = pages;
    this.#checkpointSegment = start;
    const { folder, circle, disk, durability = "strict", lease = 0, isHeld } = options;
    const onWritten = (entry: Entry, { head, place }: Appended) => {
      pages.add(head.seq, place);
      if (!("checkpoint" in entry)) this.#grownBytes += place.bytes;
    };
    this.#writer = new LogWriter({ folder, circle, disk, durability, lease, isHeld, onWritten }, { segment, head });
  }

  /**
   * Makes a log's first segment; its folder exists. Under a lease the second follows at once, for that tells which.
   * @throws if there is one.
   */
  static async create(given: LogOptions): Promise<CircleLog> {
    const options = { ...given, disk: given.disk ?? realDisk };
    const { folder, circle, disk } = options;
    checkHeld(options);
    const file = await disk.create(segmentPath(folder, 1));
    const segment = new SegmentFile(file, { number: 1, bytes: 0, disk });
    try {
      await disk.syncFolder(folder);
    } catch (error) {
      await segment.close();
      throw error;
    }
    const log = new CircleLog(options, { segment, head: genesis(circle), pages: new RecordPages(folder), start: 1 });
    if (options.lease) await log.#beginSegment();
    return log;
  }

  /**
   * Opens a log: reads it from where its newest whole checkpoint begins, tells of each record from there on, and cuts off
   * what a crash left unfinished at its end. What is written by these records is all there is. Resolves with `undefined`
   * if there is no log. Under a new lease it goes on in a new segment, which seals what was there: what somebody else still
   * writes behind that counts for nothing. @throws {LogDamaged} where records are not the ones that were written.
   * @throws {LeaseOutdated} if somebody else has a later lease.
   */
  static async open(given: LogOptions, onRecord: OnRecord): Promise<CircleLog | undefined> {
    const options = { ...given, disk: given.disk ?? realDisk };
    const pages = new RecordPages(options.folder);
    let grownBytes = 0;
    const opened = await openLog(options, (record, place) => {
      pages.add(record.seq, place);
      grownBytes += "checkpoint" in record ? 0 : place.bytes;
      onRecord(record, place);
    });
    if (!opened) return undefined;
    const { file, number, bytes, head, start } = opened;
    const segment = new SegmentFile(file, { number, bytes, disk: options.disk });
    const lease = options.lease || opened.lease;
    const log = new CircleLog({ ...options, lease }, { segment, head, pages, start });
    log.#grownBytes = grownBytes;
    if (lease !== opened.lease) await log.#beginSegment();
    return log;
  }

  get head(): LogHead {
    return this.#writer.head;
  }

  /** Why nothing can be appended any more. With relaxed durability it may come after an append that resolved. */
  get failure(): unknown {
    return this.#writer.failure;
  }

  /**
   * Writes the entry as the next record and, if `durable`, syncs it and all before it: then it has happened whatever the
   * machine does. Without, it survives the end of this process. Entries that come while others are being synced are
   * written and synced together, as one batch. Resolves in the order of the calls, so a record is known no earlier than
   * those before it.
   */
  append(entry: PlayEntry | DenialsEntry, { durable }: { durable: boolean }): Promise<Appended> {
    return this.#writer.append(entry, { durable });
  }

  /** A record that was appended or read before, and what the log's head was with it. @throws {LogDamaged} */
  async read({ segment, offset, bytes }: Place): Promise<{ record: Record; head: LogHead }> {
    const line = (await this.#readBytes(segment, offset, bytes)).toString("utf8");
    const record = parseRecord(line);
    if (!record) throw damage({ number: segment }, offset, ": expected a record");
    return { record, head: headAfter(line, record) };
  }

  /** Records after a number, as many as fit. Those that others have not heard of yet are left out. */
  readRecords(options: PageOptions): Promise<RecordPage> {
    return this.readLines(options, (record) => record);
  }

  /** The same, with what `make` makes of each. */
  readLines<T>(options: PageOptions, make: OfRecord<T>): Promise<RecordPage<T>> {
    return this.#pages.read(options, Math.min(this.head.seq, options.upTo ?? Number.POSITIVE_INFINITY), make);
  }

  /** The head as it is now, when it and all before it are on the disk; with relaxed durability, that may be a little later. */
  syncedHead(): Promise<LogHead> {
    return this.#writer.syncedHead();
  }

  /** Is it time for a checkpoint of so many bytes? Whatever is in it, a log is to grow by what happens more than by them. */
  isCheckpointDue(liveBytes: number): boolean {
    const { segmentBytes = SEGMENT_BYTES } = this.#options;
    const segments = this.#writer.segment.number - this.#checkpointSegment;
    const isLong = this.#grownBytes > Math.max(segmentBytes, liveBytes) || segments > MOST_SEGMENTS;
    return !this.#checkpointing && isLong;
  }

  /**
   * Begins a new segment with the circle's whole state, so that opening it need not read what was before. Entries are
   * appended meanwhile. Resolves with whether the checkpoint is whole: one that `close` came before is not, and does no
   * harm. Rejects if `state` throws, or the log fails.
   */
  async writeCheckpoint(state: CheckpointState): Promise<boolean> {
    if (this.#checkpointing) throw new Error("log: expected one checkpoint at a time");
    this.#checkpointing = true;
    try {
      const parts = checkpointParts(state);
      const appendPart = () => this.#writer.appendPart(() => nextOf(parts));
      const beginning = this.#beginCheckpoint();
      const first = appendPart(); // nothing comes between: whoever opens the log reads it before any play
      first.catch(() => {}); // heard of below
      const number = await beginning;
      for (let part = await first; !part.checkpoint.last; ) part = await appendPart();
      this.#checkpointSegment = number;
      return true;
    } catch (error) {
      if (this.#closed && this.failure === undefined) return false;
      throw error;
    } finally {
      this.#checkpointing = false;
    }
  }

  /**
   * Removes segments before the last whole checkpoint, oldest first: those whose last record is older than `olderThan`, and
   * has a lower number than `keepFrom`. Answers how many. What is left is a chain with a later beginning.
   */
  async dropSegments({ olderThan, keepFrom }: { olderThan: Date; keepFrom: number }): Promise<number> {
    const { folder, circle, disk } = this.#options;
    let dropped = 0;
    for (const number of await listSegments(folder)) {
      if (number >= this.#checkpointSegment || !(await this.#isNewest())) break;
      const seal = await withSegment(folder, number + 1, undefined, (segment) => readSeal(segment, circle));
      if (!seal || seal.segment.previous.seq >= keepFrom) break;
      if (Date.parse(seal.at) >= olderThan.getTime()) break; // it was sealed right after its last record
      checkHeld(this.#options);
      await disk.remove(segmentPath(folder, number));
      await disk.syncFolder(folder);
      this.#pages.forget(number);
      dropped += 1;
    }
    return dropped;
  }

  /** Closes it after what was appended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writer.close();
  }

  async #beginCheckpoint(): Promise<number> {
    await this.#writer.beginSegment();
    this.#grownBytes = 0;
    return this.#writer.segment.number;
  }

  async #beginSegment(): Promise<void> {
    try {
      await this.#writer.beginSegment();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Where another worker has gone on, what it needs is for it to say. */
  async #isNewest(): Promise<boolean> {
    return (await listSegments(this.#options.folder)).at(-1) === this.#writer.segment.number;
  }

  async #readBytes(number: number, offset: number, bytes: number): Promise<Buffer> {
    const { segment } = this.#writer;
    if (number === segment.number) return segment.read({ offset, bytes });
    return withSegment(this.#options.folder, number, undefined, ({ file }) => readChunk(file, offset, offset + bytes));
  }
}

/** A generator that has ended was asked for more than there is. */
function nextOf<T>(generator: Generator<T, void, void>): T {
  const { value, done } = generator.next();
  if (done === true) throw new Error("log: expected another part of a checkpoint");
  return value;
}
