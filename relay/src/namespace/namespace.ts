import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventsPage, LogHead, PublicKey, TaskId } from "@circles/sdk/protocol";
import { CircleEvents, type EventsQuery, type TopicNews } from "./circle-events.ts";
import { CircleFiles } from "./circle-files.ts";
import { contentOf, sizeOf, textOf } from "./contents.ts";
import { type Disk, realDisk } from "./disk.ts";
import { FileIndex } from "./file-index.ts";
import { CircleLog, type Durability } from "./log.ts";
import { type LinesQuery, readLogLines } from "./log-lines.ts";
import { NameRefused, namedAt } from "./names.ts";
import { checkFolder } from "./no-follow.ts";
import { PendingFiles } from "./pending-files.ts";
import { LogDamaged } from "./read-log.ts";
import type { Content, DenialsEntry, PlayEntry, Record, RecordOf, Write } from "./record.ts";
import type { PageOptions, RecordPage } from "./record-pages.ts";
import type { NameQuery, SnapshotSource } from "./snapshot.ts";
import { TaskMemory } from "./task-memory.ts";
import { WrittenFiles } from "./written-files.ts";

export type NamespaceOptions = {
  /** The folder of all circles. */
  readonly dbPath: string;
  readonly circle: PublicKey;
  /** See `LogOptions`. */
  readonly lease?: number | undefined;
  /** Has this process the circle, now? Asked before each append and each file. Default: always. */
  readonly isHeld?: (() => boolean) | undefined;
  /** What all files of the circle may have together, in bytes. Default 256 MiB. */
  readonly storageBytes?: number | undefined;
  /** Default `"strict"`. */
  readonly durability?: Durability | undefined;
  /** A new segment of the log begins after so many bytes. Default 16 MiB. */
  readonly segmentBytes?: number | undefined;
  /** Records younger than this are kept in any case, others may be removed with their segment. Default: all are kept. */
  readonly keepLogMs?: number | undefined;
  /** Told the paths of files that were not what the log says; now they are. */
  readonly onRepaired?: (paths: string[]) => void;
  /** Told why the circle takes no more commits, where nobody's commit is refused for it. */
  readonly onError?: (error: unknown) => void;
  readonly disk?: Disk | undefined;
};

/** A play that has happened: the log's head with its record, and what subscribers are to be told. */
export type Committed = { readonly head: LogHead; readonly news: readonly TopicNews[] };

const STORAGE_BYTES = 256 * 2 ** 20;
/** Looked at before others have their turn, when a circle is opened. */
const FILES_AT_ONCE = 64;

/**
 * One circle's folder: its files, its log, and the memory of its tasks. Committing is appending to the log; files follow.
 * One worker holds it, and commits one play after the other.
 */
export class Namespace {
  readonly circle: PublicKey;
  readonly #options: NamespaceOptions;
  readonly #folder: string;
  readonly #files: CircleFiles;
  readonly #pending: PendingFiles;
  readonly #index = new FileIndex();
  readonly #tasks = new TaskMemory();
  readonly #events = new CircleEvents();
  /** Numbers of the records that wrote the circle's own files last. */
  readonly #revisions = new Map<string, number>();
  /** The files as the log says that they are. */
  readonly #written = new WrittenFiles();
  #log: CircleLog | undefined;
  #creating: Promise<CircleLog> | undefined;
  #checkpoint: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(options: NamespaceOptions) {
    this.circle = options.circle;
    this.#options = options;
    this.#folder = join(options.dbPath, options.circle);
    const files = new CircleFiles(this.#folder);
    this.#files = files;
    this.#pending = new PendingFiles({
      write: (path, content) => {
        this.#checkHeld();
        return files.write(path, content);
      },
    });
  }

  /** Opens a circle and brings its files up to date. A circle that is not on disk is opened too, empty, and not made. */
  static async open(options: NamespaceOptions): Promise<Namespace> {
    const namespace = new Namespace(options);
    try {
      await namespace.#recover();
    } catch (error) {
      await namespace.close();
      throw error;
    }
    return namespace;
  }

  /** Is this circle on disk? Its first commit puts it there. */
  get exists(): boolean {
    return this.#log !== undefined;
  }

  /** Every further commit rejects: close this, and open it again to recover. */
  get failed(): boolean {
    return this.#cause !== undefined;
  }

  /** Bytes of all files, as they will be when everything is in its file. */
  get usedBytes(): number {
    return this.#index.usedBytes;
  }

  /** A play of which `usedBytes` would be more writes nothing. */
  get allowedBytes(): number {
    return this.#options.storageBytes ?? STORAGE_BYTES;
  }

  snapshot(): SnapshotSource {
    return { root: this.#folder, pending: this.#pending.copy() };
  }

  /** Names of what there is now, sorted by UTF-16 units. */
  list(query: NameQuery): string[] {
    return this.#index.list(query);
  }

  /** What a file holds; `undefined` if there is none. @throws {NameRefused} if it is no UTF-8. */
  readText(path: string): string | undefined {
    const pending = this.#pending.get(path);
    if (pending !== undefined) return pending ? textOf(pending) : undefined;
    const bytes = this.#files.read(path);
    return bytes && textOf({ base64: bytes.toString("base64") });
  }

  /** The number of the record that wrote one of the circle's own files last; 0 if none did. */
  revision(path: string): number {
    return this.#revisions.get(path) ?? 0;
  }

  /** The record of a task that ended here, or waits, and is still remembered. */
  async recall(caller: PublicKey, task: TaskId): Promise<{ record: RecordOf<PlayEntry>; head: LogHead } | undefined> {
    const log = this.#log;
    if (!log) return undefined;
    for (const seq of this.#tasks.recall({ caller, task })) {
      const [found] = (await log.readLines({ after: seq - 1, upTo: seq, limit: 1 }, withHead)).records;
      if (!found) continue; // its segment was removed: it was another task's
      const { record, head } = found;
      if (!("task" in record) || record.task !== task || record.caller !== caller) continue;
      return record.until >= Date.now() / 1000 ? { record, head } : undefined;
    }
    return undefined;
  }

  /** Records after a number. */
  async readRecords(options: PageOptions): Promise<RecordPage> {
    return this.#log ? this.#log.readRecords(options) : { records: [] };
  }

  /** Events of a topic that were committed. */
  readEvents(query: EventsQuery): Promise<EventsPage> {
    return this.#events.read(query, this.#log);
  }

  /** The log itself, for its owner. */
  readLines(query: LinesQuery): Promise<EventsPage> {
    return readLogLines(query, this.#log);
  }

  /** The number of the log's last record. */
  get recordHead(): number {
    return this.#log?.head.seq ?? 0;
  }

  /** The last number that an event can have of what was committed. */
  get eventHead(): number {
    return this.#events.head;
  }

  /**
   * Takes the names and the room of what a play writes. To be called right before its commit, for from then on others
   * clash with them. @throws {NameRefused} if two names would clash, {StorageFull} if the circle would be too large; such
   * a play ends as an error and writes nothing.
   */
  takeWrites(writes: readonly Write[]): void {
    const changes = writes.map(({ path, content }) => {
      if (!namedAt(path)) throw new NameRefused("name: expected a path of this circle, got another");
      return { path, bytes: content ? sizeOf(content) : undefined };
    });
    this.#index.change(changes, { allowed: this.allowedBytes });
  }

  /**
   * The play has happened when this resolves: its record is in the log, synced if it or one before it writes or emits. May
   * be called again before: plays are committed in the order of the calls, and many by one sync. A rejection means that
   * nobody knows yet: the namespace has failed, and with it every commit after.
   */
  async commit(entry: PlayEntry): Promise<Committed> {
    const { caller, task, until, writes, events = [] } = entry;
    // An event's number is told to others: the record that has it never becomes another one.
    const { head, place } = await this.#append(entry, { durable: writes.length + events.length > 0 });
    const news = this.#events.committed(events, head.seq);
    this.#tasks.remember({ caller, task }, { seq: head.seq, until });
    this.#revise(writes, head.seq);
    this.#written.add(writes, place);
    this.#pending.add(writes);
    this.#checkpointIfDue();
    return { head, news };
  }

  /** Notes in the log of a circle that is on disk what was denied. It is synced with what comes after it. */
  async noteDenials(entry: DenialsEntry): Promise<void> {
    if (this.#log) await this.#append(entry, { durable: false });
  }

  /** Resolves when so much of what was committed is in the files that more may come. */
  async room(): Promise<void> {
    await this.#pending.room();
  }

  /**
   * Waits until the files are what the log says, then closes it. To be called when every commit has settled. Where somebody
   * else has the circle meanwhile, the files are theirs.
   */
  async close(): Promise<void> {
    await this.#pending.settled();
    await this.#log?.close();
    await this.#checkpoint;
  }

  /** Why nothing can be committed any more. */
  get #cause(): unknown {
    return this.#failure ?? this.#pending.failure ?? this.#log?.failure;
  }

  async #append(entry: PlayEntry | DenialsEntry, options: { durable: boolean }) {
    try {
      this.#checkHeld();
      const cause = this.#cause;
      if (cause !== undefined) throw new Error("namespace: closed after a failure", { cause });
      this.#creating ??= this.#log ? Promise.resolve(this.#log) : this.#create();
      const log = await this.#creating; // always, or commits would overtake each other
      return await log.append(entry, options);
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  #checkHeld(): void {
    if (this.#options.isHeld?.() === false) throw new Error("namespace: somebody else has the circle by now");
  }

  #revise(writes: readonly Write[], seq: number): void {
    for (const { path } of writes) if (path.startsWith("config/")) this.#revisions.set(path, seq);
  }

  /** Begins a new segment in the background, with all that there is, so that opening need not read what was before. */
  #checkpointIfDue(): void {
    const log = this.#log;
    if (!log?.isCheckpointDue(this.#index.contentBytes + this.#tasks.loggedLength)) return;
    this.#checkpoint = this.#writeCheckpoint(log).catch((error: unknown) => {
      this.#failure ??= error;
      this.#options.onError?.(error);
    });
  }

  async #writeCheckpoint(log: CircleLog): Promise<void> {
    const isWhole = await log.writeCheckpoint({
      paths: () => Array.from(this.#written.files.keys()).toSorted(),
      read: (path) => this.#readWritten(path),
      tasks: this.#tasks,
    });
    const { keepLogMs } = this.#options;
    if (!isWhole || keepLogMs === undefined) return;
    await log.dropSegments({ olderThan: new Date(Date.now() - keepLogMs), keepFrom: this.#tasks.oldest });
  }

  /** What the log says that a file holds. @throws if the file holds anything else, for that would then stand in the log. */
  #readWritten(path: string): Content | undefined {
    const pending = this.#pending.get(path);
    if (pending !== undefined) return pending ?? undefined;
    const written = this.#written.files.get(path);
    if (!written) return undefined; // it was deleted
    const bytes = this.#files.read(path);
    if (bytes && written.isIn(bytes)) return contentOf(path, bytes);
    throw new Error("namespace: expected what the log says in a file, got what somebody else put there");
  }

  async #create(): Promise<CircleLog> {
    for (const name of ["data", "config", "inbox", "logs"]) {
      await mkdir(join(this.#folder, name), { recursive: true, mode: 0o700 });
    }
    const { disk = realDisk } = this.#options;
    for (const folder of [this.#folder, dirname(this.#folder)]) await disk.syncFolder(folder);
    this.#log = await CircleLog.create(this.#logOptions);
    return this.#log;
  }

  async #recover(): Promise<void> {
    for (const name of ["", "logs"]) await checkFolder(join(this.#folder, name));
    const written = this.#written;
    const deleted = new Set<string>();
    this.#log = await CircleLog.open(this.#logOptions, (record, place) => {
      this.#events.recall(record);
      if ("task" in record) this.#tasks.remember(record, record);
      if ("tasks" in record) this.#tasks.load(record.tasks);
      if (!("writes" in record)) return;
      this.#revise(record.writes, record.seq);
      for (const path of written.add(record.writes, place)) deleted.add(path);
    });
    const orphan = this.#log ? undefined : this.#files.findAny();
    if (orphan !== undefined) throw new LogDamaged(`log: expected one, for ${orphan} is there, got none`);
    this.#index.change(Array.from(written.files, ([path, { bytes }]) => ({ path, bytes })));
    // What is gone makes room first: where a file was, there may now be a folder.
    const repaired = await this.#files.removeOthers(this.#index, deleted);
    if (this.#log) repaired.push(...(await this.#repairFiles(this.#log, written)));
    if (repaired.length > 0) this.#options.onRepaired?.(repaired);
  }

  /** Makes the files what the records say that wrote them last. Answers which were not. */
  async #repairFiles(log: CircleLog, written: WrittenFiles): Promise<string[]> {
    await this.#files.clean();
    const repaired: string[] = [];
    let looked = 0;
    for (const [path, file] of written.files) {
      looked += 1;
      if (looked % FILES_AT_ONCE === 0) await nextTurn();
      if (file.isIn(this.#files.read(path))) continue;
      const { record } = await log.read(file.place);
      const content = "writes" in record ? record.writes.findLast((write) => write.path === path)?.content : undefined;
      if (!content) throw new Error("namespace: expected a record that writes this file, got another");
      await this.#files.restore(path, content);
      repaired.push(path);
    }
    return repaired;
  }

  get #logOptions() {
    const { circle, disk, durability, segmentBytes, lease, isHeld } = this.#options;
    return { folder: join(this.#folder, "logs"), circle, disk, durability, segmentBytes, lease, isHeld };
  }
}

function withHead(record: Record, { hash }: { readonly hash: string }): { record: Record; head: LogHead } {
  return { record, head: { seq: record.seq, hash } };
}
