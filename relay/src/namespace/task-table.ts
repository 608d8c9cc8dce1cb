/** A table as a checkpoint has it. */
export type LoggedTaskTable = {
  /** The number of the first record that is in it. */
  readonly from: number;
  /** Unix seconds: the last in which one of its tasks is remembered. */
  readonly until: number;
  /** Base64 of its slots. */
  readonly slots: string;
};

/** Where a task would stand in a table, and what is kept of it there: 32 bits and 16 bits of a hash. */
export type TaskPrint = { readonly slot: number; readonly mark: number };

/** The least and the most slots that a table has: powers of two. */
export const LEAST_SLOTS = 64;
export const MOST_SLOTS = 65_536;
/** A slot: where a record stands, counted from 1 at `from`, in 32 bits, and its task's mark. 0 is an empty one. */
const SLOT_BYTES = 6;
const MOST_RECORDS = 2 ** 32 - 1;
/** Beyond, looking for a task that is not there takes many steps. */
const MOST_FILLED = 0.7;

/**
 * The numbers of the records of some tasks: a hash table with open addressing, 6 bytes a slot. It keeps so little of a task
 * that what is found may be another's; but what is in it is found.
 */
export class TaskTable {
  readonly from: number;
  #until: number;
  #size = 0;
  readonly #slots: DataView<ArrayBuffer>;
  /** That many less one. */
  readonly #mask: number;

  private constructor({ from, until, slots }: { from: number; until: number; slots: DataView<ArrayBuffer> }) {
    this.from = from;
    this.#until = until;
    this.#slots = slots;
    this.#mask = slots.byteLength / SLOT_BYTES - 1;
  }

  /** An empty one, for the records from a number on. `slots`: a power of two. */
  static make(from: number, slots: number): TaskTable {
    return new TaskTable({ from, until: 0, slots: new DataView(new ArrayBuffer(slots * SLOT_BYTES)) });
  }

  /** That of a checkpoint. Answers `undefined` for what no table is: a log may be forged. */
  static parse({ from, until, slots }: LoggedTaskTable): TaskTable | undefined {
    const { buffer, byteLength } = new Uint8Array(Buffer.from(slots, "base64")); // a copy: a small buffer is part of a larger one
    const count = byteLength / SLOT_BYTES;
    if (count < LEAST_SLOTS || count > MOST_SLOTS || !Number.isInteger(Math.log2(count))) return undefined;
    const table = new TaskTable({ from, until, slots: new DataView(buffer) });
    for (let slot = 0; slot < count; slot++) if (table.#recordIn(slot) !== 0) table.#size += 1;
    return table.#size <= Math.ceil(MOST_FILLED * count) ? table : undefined; // a full one would be searched for ever
  }

  get until(): number {
    return this.#until;
  }

  /** How many tasks it has. */
  get size(): number {
    return this.#size;
  }

  get slots(): number {
    return this.#mask + 1;
  }

  /** Takes in that a task's record has this number. Answers false if it does not fit in. */
  add({ slot, mark }: TaskPrint, seq: number, until: number): boolean {
    const record = seq - this.from + 1;
    if (this.#size >= MOST_FILLED * this.slots || record > MOST_RECORDS) return false;
    let at = slot & this.#mask;
    while (this.#recordIn(at) !== 0) at = (at + 1) & this.#mask;
    this.#slots.setUint32(at * SLOT_BYTES, record, true);
    this.#slots.setUint16(at * SLOT_BYTES + 4, mark, true);
    this.#size += 1;
    this.#until = Math.max(this.#until, until);
    return true;
  }

  /** Adds to `found` the numbers of the records that may be a task's. */
  find({ slot, mark }: TaskPrint, found: Set<number>): void {
    for (let at = slot & this.#mask; ; at = (at + 1) & this.#mask) {
      const record = this.#recordIn(at);
      if (record === 0) return;
      if (this.#slots.getUint16(at * SLOT_BYTES + 4, true) === mark) found.add(this.from + record - 1);
    }
  }

  /** For a checkpoint. */
  get logged(): LoggedTaskTable {
    const slots = Buffer.from(this.#slots.buffer).toString("base64");
    return { from: this.from, until: this.#until, slots };
  }

  /** About what that takes, in characters. */
  get loggedLength(): number {
    return (this.#slots.byteLength * 4) / 3 + 64;
  }

  #recordIn(slot: number): number {
    return this.#slots.getUint32(slot * SLOT_BYTES, true);
  }
}
