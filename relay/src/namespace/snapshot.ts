import { base64Of, decodeUtf8, textOf } from "./contents.ts";
import { type NameKind, pathOf } from "./names.ts";
import { readBelow } from "./no-follow.ts";
import type { Content } from "./record.ts";
import type { NameRange } from "./sorted-names.ts";

/** A circle's files at one moment, in a form that can be sent to a thread. */
export type SnapshotSource = {
  /** The circle's folder. */
  readonly root: string;
  /** Committed changes that may not have reached the files yet; `null` for a deleted file. */
  readonly pending: ReadonlyMap<string, Content | null>;
};

export type NameQuery = NameRange & { readonly kind: NameKind };

/** Reads the files of a snapshot where they lie. Its names are known to whoever has the circle open, so `list` asks there. */
export class FileSnapshot {
  readonly #source: SnapshotSource;
  readonly list: (query: NameQuery) => string[];

  constructor(source: SnapshotSource, list: (query: NameQuery) => string[]) {
    this.#source = source;
    this.list = list;
  }

  /** @throws {NameRefused} */
  pathOf(kind: NameKind, name: string): string {
    return pathOf(kind, name);
  }

  /** `undefined` if there is none. @throws {NameRefused} at a link, and if it is no UTF-8. */
  readText(path: string): string | undefined {
    const pending = this.#source.pending.get(path);
    if (pending !== undefined) return pending ? textOf(pending) : undefined;
    const bytes = readBelow(this.#source.root, path);
    return bytes && decodeUtf8(bytes);
  }

  readBase64(path: string): string | undefined {
    const pending = this.#source.pending.get(path);
    if (pending !== undefined) return pending ? base64Of(pending) : undefined;
    return readBelow(this.#source.root, path)?.toString("base64");
  }
}
