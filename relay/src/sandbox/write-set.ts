import { base64Of, nameAt, textOf } from "./contents.ts";
import type { RunningPlay } from "./running-play.ts";
import type { Content, ListOptions, NameKind, Snapshot, Write } from "./sandbox.ts";

/** What a change costs beside its texts: a file on a disk, places in indexes, and a part of every message it is in. */
const WRITE_BYTES = 1_024;

/** Names that are asked for at once. */
const MOST_PAGE = 1_000;
const LEAST_PAGE = 100;

const utf8 = new TextEncoder();

type Written = { readonly content: Content | null; readonly bytes: number };
type Undo = readonly [path: string, before: Written | undefined];

/** The circle's files as one play sees them: a snapshot with its own writes on top, which are held to a limit. */
export class WriteSet {
  readonly #snapshot: Snapshot;
  readonly #play: RunningPlay;
  readonly #writes = new Map<string, Written>();
  #undo: Undo[] | undefined;
  #bytes = 0;

  constructor(snapshot: Snapshot, play: RunningPlay) {
    this.#snapshot = snapshot;
    this.#play = play;
  }

  /** Each path once. */
  get writes(): Write[] {
    return Array.from(this.#writes, ([path, { content }]) => ({ path, content }));
  }

  /** @throws {RefusedName} */
  pathOf(kind: NameKind, name: string): string {
    return this.#snapshot.pathOf(kind, name);
  }

  /** @throws {RefusedName} if it is no UTF-8. */
  readText(path: string): string | undefined {
    const written = this.#writes.get(path);
    if (!written) return this.#snapshot.readText(path);
    return written.content ? textOf(written.content) : undefined;
  }

  readBase64(path: string): string | undefined {
    const written = this.#writes.get(path);
    if (!written) return this.#snapshot.readBase64(path);
    if (!written.content) return undefined;
    return base64Of(written.content);
  }

  has(kind: NameKind, name: string, path: string): boolean {
    const written = this.#writes.get(path);
    if (written) return written.content !== null;
    if (kind !== "file") return this.#snapshot.readText(path) !== undefined;
    return this.#snapshot.list({ kind, prefix: name, start: name, limit: 1 })[0] === name; // files may be large
  }

  /** Ends the play where that is more than it may write. `null` deletes. */
  write(path: string, content: Content | null): void {
    const bytes = WRITE_BYTES + utf8.encode(path).length + (content ? bytesOf(content) : 0);
    const { storageBytes } = this.#play.limits;
    const total = this.#bytes + bytes - (this.#writes.get(path)?.bytes ?? 0);
    if (total > storageBytes) this.#play.reach("storage_bytes", total, storageBytes);
    this.#bytes = total;
    this.#undo?.push([path, this.#writes.get(path)]);
    this.#writes.set(path, { content, bytes });
  }

  /** Runs what writes all that it writes, or nothing if it throws. */
  atomically<T>(change: () => T): T {
    const undo: Undo[] = [];
    this.#undo = undo;
    try {
      return change();
    } catch (error) {
      for (const [path, before] of undo.toReversed()) {
        this.#bytes += (before?.bytes ?? 0) - (this.#writes.get(path)?.bytes ?? 0);
        if (before) this.#writes.set(path, before);
        else this.#writes.delete(path);
      }
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  /** Names in order, its own among them, that pass `isListed`. */
  list({ kind, prefix, start = "", limit }: ListOptions, isListed: (name: string) => boolean = () => true): string[] {
    const most = limit ?? Number.POSITIVE_INFINITY;
    const own = this.#ownNames(kind).filter(([name]) => name.startsWith(prefix) && name >= start);
    const added = own.flatMap(([name, exists]) => (exists ? [name] : [])).toSorted();
    const changed = new Set(own.map(([name]) => name));
    const listed: string[] = [];
    const list = (name: string) => listed.length < most && isListed(name) && listed.push(name);
    let next = 0;
    for (const name of this.#stored({ kind, prefix, start, limit })) {
      for (; next < added.length && (added[next] ?? "") < name; next++) list(added[next] ?? "");
      if (!changed.has(name)) list(name);
      if (listed.length >= most) return listed;
    }
    for (; next < added.length; next++) list(added[next] ?? "");
    return listed;
  }

  /** Page by page: who may read few of many names, or stops early, costs no more than that. */
  *#stored({ kind, prefix, start, limit = MOST_PAGE }: ListOptions): Generator<string> {
    const size = Math.min(MOST_PAGE, Math.max(LEAST_PAGE, limit));
    for (let from = start; ; ) {
      const page = this.#snapshot.list({ kind, prefix, start: from, limit: size + 1 });
      from = page[size];
      yield* page.slice(0, size);
      if (from === undefined) return;
      this.#play.pause();
    }
  }

  #ownNames(kind: NameKind): [name: string, exists: boolean][] {
    const names: [string, boolean][] = [];
    for (const [path, { content }] of this.#writes) {
      const name = nameAt(path, kind);
      if (name !== undefined) names.push([name, content !== null]);
    }
    return names;
  }
}

function bytesOf(content: Content): number {
  if ("base64" in content) return decodedLength(content.base64);
  return utf8.encode("json" in content ? content.json : content.text).length;
}

function decodedLength(base64: string): number {
  const padding = base64.endsWith("==") ? 2 : Number(base64.endsWith("="));
  return (base64.length / 4) * 3 - padding;
}
