import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LogHead, PublicKey, TaskId } from "@circles/sdk/protocol";
import { DocumentFiles } from "./document-files.ts";
import { CircleLog, type Place, syncFolder } from "./log.ts";
import { NameIndex } from "./name-index.ts";
import { documentName, documentPath } from "./names.ts";
import type { LoggedWrite, PlayEntry, Record } from "./record.ts";
import { filesBelow, type SnapshotSource } from "./snapshot.ts";
import { TaskMemory } from "./task-memory.ts";

export type NamespaceOptions = {
  /** The folder of all circles. */
  readonly dbPath: string;
  readonly circle: PublicKey;
  /** Told of files that were not what the log says, and now are again. */
  readonly onRepaired?: (names: string[]) => void;
};

/**
 * One circle's folder: its documents, its log, and the memory of its tasks. Committing is appending to the log; files
 * follow. One worker holds it, and commits one play after the other.
 */
export class Namespace {
  readonly circle: PublicKey;
  readonly #folder: string;
  readonly #files: DocumentFiles;
  readonly #tasks = new TaskMemory();
  #log: CircleLog | undefined;
  #created: Promise<CircleLog> | undefined;
  /** Made when a play first writes a document that may be new. */
  #names: NameIndex | undefined;
  /** Committed, but perhaps not yet in the files. Later writes of a document replace earlier ones. */
  #pending = new Map<string, string | null>();
  #flushing: Promise<void> | undefined;
  #failure: unknown;

  private constructor({ dbPath, circle }: NamespaceOptions) {
    this.circle = circle;
    this.#folder = join(dbPath, circle);
    this.#files = new DocumentFiles(this.#dataFolder, this.#logFolder);
  }

  /** Opens a circle and brings its files up to date. A circle that is not on disk is opened too, empty, and not made. */
  static async open(options: NamespaceOptions): Promise<Namespace> {
    const namespace = new Namespace(options);
    await namespace.#recover(options.onRepaired);
    return namespace;
  }

  /** Is this circle on disk? Its first commit puts it there. */
  get exists(): boolean {
    return this.#log !== undefined;
  }

  /** Every further use rejects: close this, and open it again to recover. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  snapshot(): SnapshotSource {
    return { root: this.#dataFolder, pending: new Map(this.#pending) };
  }

  /** The record of a task that ended here and is still remembered. */
  async recall(caller: PublicKey, task: TaskId): Promise<{ record: Record; head: LogHead } | undefined> {
    const place = this.#tasks.recall(caller, task);
    if (!place || !this.#log) return undefined;
    return this.#log.read(place);
  }

  /** @throws {NameRefused} if these writes would make two names clash; such a play ends as an error and writes nothing. */
  async checkWrites(writes: readonly LoggedWrite[]): Promise<void> {
    this.#names ??= await this.#readNames();
    const names = this.#names;
    const undo: (() => void)[] = [];
    try {
      for (const write of writes) if ("delete" in write) remove(names, documentPath(write.delete), undo);
      for (const write of writes) if ("set" in write) add(names, documentPath(write.set), undo);
    } catch (error) {
      for (const back of undo.toReversed()) back();
      throw error;
    }
  }

  /**
   * The play has happened when this resolves: its record is in the log, synced if it or one before it writes. May be
   * called again before: plays are committed in the order of the calls, and many by one sync. A rejection means that
   * nobody knows yet: the namespace has failed, and with it every commit after.
   */
  async commit(entry: PlayEntry): Promise<LogHead> {
    if (this.#failure) throw new Error("namespace: closed after a failure", { cause: this.#failure });
    try {
      this.#created ??= this.#log ? Promise.resolve(this.#log) : this.#create();
      const log = await this.#created;
      const { head, place } = await log.append(entry, { durable: entry.writes.length > 0 });
      this.#remember(entry, place);
      for (const write of entry.writes) this.#pending.set(...pendingOf(write));
      this.#flush();
      return head;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  /** Waits until the files are what the log says, then closes it. */
  async close(): Promise<void> {
    while (this.#flushing) await this.#flushing;
    await this.#log?.close();
  }

  get #dataFolder(): string {
    return join(this.#folder, "data");
  }

  get #logFolder(): string {
    return join(this.#folder, "logs");
  }

  get #logPath(): string {
    return join(this.#logFolder, "plays-000001.jsonl");
  }

  async #create(): Promise<CircleLog> {
    for (const name of ["data", "config", "logs"]) {
      await mkdir(join(this.#folder, name), { recursive: true, mode: 0o700 });
    }
    for (const folder of [this.#folder, dirname(this.#folder)]) await syncFolder(folder);
    this.#log = await CircleLog.create(this.#logPath, this.circle);
    return this.#log;
  }

  async #recover(onRepaired: NamespaceOptions["onRepaired"]): Promise<void> {
    /** The last record that wrote each document. */
    const writers = new Map<string, Place>();
    this.#log = await CircleLog.open(this.#logPath, this.circle, (record, place) => {
      this.#remember(record, place);
      for (const write of record.writes) writers.set(nameOf(write), place);
    });
    if (!this.#log) return;
    await this.#files.clean();
    const repaired: string[] = [];
    for (const place of new Set(writers.values())) {
      const { record } = await this.#log.read(place);
      for (const write of record.writes) {
        const [name, value] = pendingOf(write);
        if (writers.get(name) !== place || this.#files.holds(name, value)) continue;
        await this.#files.write(name, value);
        repaired.push(name);
      }
    }
    if (repaired.length > 0) onRepaired?.(repaired);
  }

  #remember({ caller, task, until }: PlayEntry, place: Place): void {
    this.#tasks.remember(caller, task, place, until);
  }

  /** Writes what is pending to the files, one round after the other; a busy document is written once a round. */
  #flush(): void {
    if (this.#flushing || this.#pending.size === 0) return;
    this.#flushing = this.#flushOnce().then(
      () => {
        this.#flushing = undefined;
        this.#flush();
      },
      (error: unknown) => {
        this.#flushing = undefined;
        this.#failure ??= error;
      },
    );
  }

  async #flushOnce(): Promise<void> {
    for (const [name, value] of new Map(this.#pending)) {
      await this.#files.write(name, value);
      // A play that began meanwhile may have written it again.
      if (this.#pending.get(name) === value) this.#pending.delete(name);
    }
  }

  async #readNames(): Promise<NameIndex> {
    const names = new NameIndex();
    for (const path of filesBelow(this.#dataFolder)) if (documentName(path) !== undefined) names.add(path);
    for (const [name, value] of this.#pending) {
      if (value === null) names.remove(documentPath(name));
      else names.add(documentPath(name));
    }
    return names;
  }
}

function add(names: NameIndex, path: string, undo: (() => void)[]): void {
  if (names.has(path)) return;
  names.add(path);
  undo.push(() => names.remove(path));
}

function remove(names: NameIndex, path: string, undo: (() => void)[]): void {
  if (!names.has(path)) return;
  names.remove(path);
  undo.push(() => names.add(path));
}

function nameOf(write: LoggedWrite): string {
  return "set" in write ? write.set : write.delete;
}

function pendingOf(write: LoggedWrite): [name: string, value: string | null] {
  return "set" in write ? [write.set, JSON.stringify(write.value)] : [write.delete, null];
}
