import type { Snapshot, Write } from "./sandbox.ts";

/** A state with the writes of plays on top that ran on it one after the other. */
export class SequenceSnapshot implements Snapshot {
  readonly #base: Snapshot;
  readonly #written = new Map<string, string | null>();

  constructor(base: Snapshot) {
    this.#base = base;
  }

  apply(writes: readonly Write[]): void {
    for (const { name, value } of writes) this.#written.set(name, value);
  }

  checkName(name: string): void {
    this.#base.checkName(name);
  }

  read(name: string): string | undefined {
    const written = this.#written.get(name);
    return written === undefined ? this.#base.read(name) : (written ?? undefined);
  }

  list(prefix: string): string[] {
    const names = new Set(this.#base.list(prefix));
    for (const [name, value] of this.#written) {
      if (!name.startsWith(prefix)) continue;
      if (value === null) names.delete(name);
      else names.add(name);
    }
    return [...names].toSorted();
  }
}
