import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LogHead, PublicKey, TaskId } from "@circles/sdk/protocol";
import type { Disk } from "./disk.ts";
import { DocumentFiles } from "./document-files.ts";
import { CircleLog, syncFolder } from "./log.ts";
import { NameIndex } from "./name-index.ts";
import { documentPath } from "./names.ts";
import { checkFolder } from "./no-follow.ts";
import { PendingDocuments } from "./pending-documents.ts";
import type { Place } from "./read-log.ts";
import type { LoggedWrite, PlayEntry, Record } from "./record.ts";
import type { SnapshotSource } from "./snapshot.ts";
import { TaskMemory } from "./task-memory.ts";

export type NamespaceOptions = {
  /** The folder of all circles. */
  readonly dbPath: string;
  readonly circle: PublicKey;
  /** Told the names of documents whose files were not what the log says; now they are. */
  readonly onRepaired?: (names: string[]) => void;
  readonly disk?: Disk;
};

/**
 * One circle's folder: its documents, its log, and the memory of its tasks. Committing is appending to the log; files
 * follow. One worker holds it, and commits one play after the other.
 */
export class Namespace {
  readonly circle: PublicKey;
  readonly #options: NamespaceOptions;
  readonly #folder: string;
  readonly #files: DocumentFiles;
  readonly #pending: PendingDocuments;
  readonly #names = new NameIndex();
  readonly #tasks = new TaskMemory();
  #log: CircleLog | undefined;
  #creating: Promise<CircleLog> | undefined;
  #failure: unknown;

  private constructor(options: NamespaceOptions) {
    this.circle = options.circle;
    this.#options = options;
    this.#folder = join(options.dbPath, options.circle);
    this.#files = new DocumentFiles(this.#folder);
    this.#pending = new PendingDocuments(this.#files);
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
    return (this.#failure ?? this.#pending.failure) !== undefined;
  }

  snapshot(): SnapshotSource {
    return { root: this.#files.root, pending: this.#pending.copy() };
  }

  /** The record of a task that ended here and is still remembered. */
  async recall(caller: PublicKey, task: TaskId): Promise<{ record: Record; head: LogHead } | undefined> {
    const place = this.#tasks.recall(caller, task);
    if (!place || !this.#log) return undefined;
    return this.#log.read(place);
  }

  /**
   * Takes the names of what a play writes. To be called right before its commit, for from then on others clash with them.
   * @throws {NameRefused} if these writes would make two names clash; such a play ends as an error and writes nothing.
   */
  takeNames(writes: readonly LoggedWrite[]): void {
    const paths = { remove: [] as string[], add: [] as string[] };
    for (const write of writes) {
      if ("set" in write) paths.add.push(documentPath(write.set));
      else paths.remove.push(documentPath(write.delete));
    }
    this.#names.change(paths);
  }

  /**
   * The play has happened when this resolves: its record is in the log, synced if it or one before it writes. May be
   * called again before: plays are committed in the order of the calls, and many by one sync. A rejection means that
   * nobody knows yet: the namespace has failed, and with it every commit after.
   */
  async commit(entry: PlayEntry): Promise<LogHead> {
    try {
      const cause = this.#failure ?? this.#pending.failure;
      if (cause !== undefined) throw new Error("namespace: closed after a failure", { cause });
      this.#creating ??= this.#log ? Promise.resolve(this.#log) : this.#create();
      const log = await this.#creating; // always, or commits would overtake each other
      const { head, place } = await log.append(entry, { durable: entry.writes.length > 0 });
      this.#tasks.remember(entry.caller, entry.task, place, entry.until);
      this.#pending.add(entry.writes.map(documentOf));
      return head;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  /** Resolves when so much of what was committed is in the files that more may come. */
  async room(): Promise<void> {
    await this.#pending.room();
  }

  /** Waits until the files are what the log says, then closes it. To be called when every commit has settled. */
  async close(): Promise<void> {
    await this.#pending.settled();
    await this.#log?.close();
  }

  async #create(): Promise<CircleLog> {
    for (const name of ["data", "config", "logs"]) {
      await mkdir(join(this.#folder, name), { recursive: true, mode: 0o700 });
    }
    for (const folder of [this.#folder, dirname(this.#folder)]) await syncFolder(folder);
    this.#log = await CircleLog.create(this.#logOptions);
    return this.#log;
  }

  async #recover(): Promise<void> {
    for (const name of ["", "logs"]) await checkFolder(join(this.#folder, name));
    const written = new Map<string, Place>();
    const deleted = new Set<string>();
    this.#log = await CircleLog.open(this.#logOptions, (record, place) => {
      this.#tasks.remember(record.caller, record.task, place, record.until);
      for (const write of record.writes) {
        if ("set" in write) written.set(write.set, place);
        else if (written.delete(write.delete)) deleted.add(write.delete);
      }
    });
    this.#names.change({ remove: [], add: Array.from(written.keys(), documentPath) });
    // What is gone makes room first: where a document was, there may now be a folder.
    const repaired = await this.#files.removeOthers(this.#names, deleted);
    if (this.#log) repaired.push(...(await this.#repairFiles(this.#log, written)));
    if (repaired.length > 0) this.#options.onRepaired?.(repaired);
  }

  /** Makes the files of documents what the records say that wrote them last. Answers which were not. */
  async #repairFiles(log: CircleLog, written: ReadonlyMap<string, Place>): Promise<string[]> {
    await this.#files.clean();
    const repaired: string[] = [];
    for (const place of new Set(written.values())) {
      const { record } = await log.read(place);
      for (const [name, value] of new Map(record.writes.map(documentOf))) {
        if (value === null || written.get(name) !== place || this.#files.holds(name, value)) continue;
        await this.#files.restore(name, value);
        repaired.push(name);
      }
    }
    return repaired;
  }

  get #logOptions() {
    const { circle, disk } = this.#options;
    const path = join(this.#folder, "logs", "plays-000001.jsonl");
    return { path, circle, ...(disk ? { disk } : {}) };
  }
}

function documentOf(write: LoggedWrite): [name: string, value: string | null] {
  return "set" in write ? [write.set, JSON.stringify(write.value)] : [write.delete, null];
}
