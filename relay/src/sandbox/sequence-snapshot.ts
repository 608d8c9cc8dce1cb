import { base64Of, nameAt, textOf } from "./contents.ts";
import type { Content, ListOptions, NameKind, Snapshot, Write } from "./sandbox.ts";

/** A state with the writes of plays on top that ran on it one after the other. */
export class SequenceSnapshot implements Snapshot {
  readonly #base: Snapshot;
  readonly #written = new Map<string, Content | null>();

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
    if (written === undefined) return this.#base.readText(path);
    return written ? textOf(written) : undefined;
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
