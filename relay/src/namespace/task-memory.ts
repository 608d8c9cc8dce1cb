import { hash, randomBytes } from "node:crypto";
import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import { LEAST_SLOTS, type LoggedTaskTable, MOST_SLOTS, type TaskPrint, TaskTable } from "./task-table.ts";

/** What a checkpoint says of the tasks that are remembered. */
export type LoggedTasks = {
  /** Goes into all their hashes, so that nobody can choose task ids that stand in each other's way. */
  readonly salt: string;
  readonly tables: readonly LoggedTaskTable[];
};

/** One play of a caller: the pair is what is remembered. */
type CallersTask = { readonly caller: PublicKey; readonly task: TaskId };

/** Tasks that are remembered for longer stand in tables of their own, or a few of them would keep all others. */
const SHORT_S = 3_600;
const SALT_BYTES = 16;

/**
 * Which records of the log are those of tasks that may be asked for again, at 9 bytes a task: the log knows all else of
 * them. Forgets by itself, a table at a time, so that some are remembered for longer than they need to be.
 */
export class TaskMemory {
  #salt = randomBytes(SALT_BYTES).toString("hex");
  /** Those that take in more: of tasks that are remembered for a short time, and of the others. */
  readonly #open: { short?: TaskTable; long?: TaskTable } = {};
  #others: TaskTable[] = [];

  /** Takes in that a task's record has this number, until a time in Unix seconds. */
  remember(task: CallersTask, { seq, until }: { readonly seq: number; readonly until: number }): void {
    const now = Date.now() / 1000;
    if (until < now) return;
    const kind = until - now <= SHORT_S ? "short" : "long";
    const print = this.#printOf(task);
    const open = this.#open[kind];
    const current = open && isCurrent(open) ? open : undefined;
    if (current?.add(print, seq, until)) return;
    this.#others = [...this.#others, ...(current ? [current] : [])].filter(isCurrent);
    const next = TaskTable.make(seq, current ? Math.min(MOST_SLOTS, 2 * current.slots) : LEAST_SLOTS);
    next.add(print, seq, until);
    this.#open[kind] = next;
  }

  /**
   * Numbers of records that may be those of a task, the newest first. Each that it has is among them until its time has
   * passed; a record of another task may be, seldom, and one that is remembered no more.
   */
  recall(task: CallersTask): number[] {
    const print = this.#printOf(task);
    const found = new Set<number>();
    this.#open.short?.find(print, found);
    this.#open.long?.find(print, found);
    for (const table of this.#others) table.find(print, found);
    return Array.from(found).toSorted((a, b) => b - a);
  }

  /** The lowest number of a record that may be recalled; infinity if none can be. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const table of this.#tables) if (isCurrent(table)) oldest = Math.min(oldest, table.from);
    return oldest;
  }

  get salt(): string {
    return this.#salt;
  }

  /** Each as it is when its turn comes: more may be remembered meanwhile. */
  *logged(): Generator<LoggedTaskTable> {
    for (const table of this.#tables) if (isCurrent(table)) yield table.logged;
  }

  /** About what those take, in characters. */
  get loggedLength(): number {
    return this.#tables.reduce((sum, { loggedLength }) => sum + loggedLength, 0);
  }

  /**
   * Takes in what a checkpoint says. That of a checkpoint which is whole comes before anything else is remembered; of
   * another one's tasks, the records before it have told.
   */
  load({ salt, tables }: LoggedTasks): void {
    if (this.#tables.length === 0) this.#salt = salt;
    if (salt !== this.#salt) return;
    for (const logged of tables) {
      const table = TaskTable.parse(logged);
      if (!table || !isCurrent(table)) continue;
      const known = this.#others.findIndex(({ from }) => from === table.from);
      const { size = 0 } = this.#others[known] ?? {};
      if (known < 0) this.#others.push(table);
      else if (table.size > size) this.#others[known] = table; // it has grown since
    }
  }

  get #tables(): readonly TaskTable[] {
    const { short, long } = this.#open;
    return [...(short ? [short] : []), ...(long ? [long] : []), ...this.#others];
  }

  #printOf({ caller, task }: CallersTask): TaskPrint {
    const bytes = hash("sha256", `${this.#salt}${caller}/${task}`, "buffer");
    return { slot: bytes.readUInt32LE(0), mark: bytes.readUInt16LE(4) };
  }
}

function isCurrent({ until }: TaskTable): boolean {
  return until >= Date.now() / 1000;
}
