import { base64Of, nameAt, textOf } from "./contents.ts";
import type { Content, ListOptions, NameKind, Snapshot, Write } from "./sandbox.ts";

/** UTF-16 units of texts that are kept for the next play of a sequence, with an allowance for each. */
const MOST_KEPT = 2 ** 20;
const KEPT_OVERHEAD = 256;

/** A state with the writes of plays on top that ran on it one after the other. */
export class SequenceSnapshot implements Snapshot {
  readonly #base: Snapshot;
  readonly #written = new Map<string, Content | null>();
  /** What was read of the base. */
  readonly #read = new Map<string, string | undefined>();
  #room = MOST_KEPT;

  constructor(base: Snapshot) {
    this.#base = base;
  }

  apply(writes: readonly Write[]): void {
    for (const { path, content } of writes) this.#written.set(path, content);
  }

  pathOf(kind: NameKind, name: string): string {
    return this.#base.pathOf(kind, name);
  }

  readText(path: string): string | undefined {
    const written = this.#written.get(path);
    if (written === undefined) return this.#readBase(path);
    return written ? textOf(written) : undefined;
  }

  /** Plays of a busy circle read the same documents, one play after the other, and opening a file takes longer than most. */
  #readBase(path: string): string | undefined {
    if (this.#read.has(path)) return this.#read.get(path);
    const text = this.#base.readText(path);
    const size = KEPT_OVERHEAD + path.length + (text?.length ?? 0);
    // Only what none but plays of this sequence can change meanwhile: the control lane writes elsewhere, at any time.
    if (path.startsWith("data/") && size <= this.#room) {
      this.#read.set(path, text);
      this.#room -= size;
    }
    return text;
  }

  readBase64(path: string): string | undefined {
    const written = this.#written.get(path);
    if (written === undefined) return this.#base.readBase64(path);
    return written ? base64Of(written) : undefined;
  }

  list(options: ListOptions): string[] {
    const { kind, prefix, start = "", limit } = options;
    const [added, deleted] = [new Set<string>(), new Set<string>()];
    for (const [path, content] of this.#written) {
      const name = nameAt(path, kind);
      if (name === undefined || !name.startsWith(prefix) || name < start) continue;
      (content ? added : deleted).add(name);
    }
    // As many more as may fall away again.
    const asked = limit === undefined ? options : { ...options, limit: limit + deleted.size };
    const names = new Set(this.#base.list(asked).filter((name) => !deleted.has(name)));
    if (added.size > 0) for (const name of added) names.add(name);
    return Array.from(names).toSorted().slice(0, limit);
  }
}
