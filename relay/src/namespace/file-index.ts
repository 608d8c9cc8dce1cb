import { foldCase, type NameKind, NameRefused, namedAt } from "./names.ts";
import { type NameRange, SortedNames } from "./sorted-names.ts";

/** A circle's files would have more bytes together than they may. */
export class StorageFull extends Error {
  override name = "StorageFull";
  readonly used: number;
  readonly allowed: number;

  constructor({ used, allowed }: { used: number; allowed: number }) {
    super(`circle: expected at most ${allowed} bytes of files, got ${used}`);
    this.used = used;
    this.allowed = allowed;
  }
}

/** What a file or a folder takes beside its bytes: without it, empty ones could fill a disk. */
const ENTRY_BYTES = 1_024;

/** A file, or a folder that holds `entries` of either. */
type Entry = { readonly path: string; entries: number | "file" };

/** One file as it is to be; without `bytes` it is to be gone. */
export type FileChange = { readonly path: string; readonly bytes: number | undefined };

/**
 * Which files a circle has and how large they are. Two names that differ only in case, or of which one would be a folder
 * and one a file, cannot both be here, as they cannot on every file system.
 */
export class FileIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #bytes = new Map<string, number>();
  readonly #names: Record<NameKind, SortedNames> = {
    document: new SortedNames(),
    file: new SortedNames(),
    inbox: new SortedNames(),
  };
  /** Of all files together. */
  #contentBytes = 0;
  /** Files and folders, those of `config/` left out. */
  #counted = 0;

  get contentBytes(): number {
    return this.#contentBytes;
  }

  /** Of all files together, and what each of them and each folder takes beside. */
  get usedBytes(): number {
    return this.#contentBytes + ENTRY_BYTES * this.#counted;
  }

  has(path: string): boolean {
    return this.#bytes.has(path);
  }

  list({ kind, ...range }: NameRange & { readonly kind: NameKind }): string[] {
    return this.#names[kind].list(range);
  }

  /**
   * Removes, then adds. Without `allowed` bytes any number may come to be used.
   * @throws {NameRefused} if then two files would clash, {StorageFull} if there would be more data than before and more
   * bytes than allowed; nothing has changed in these cases.
   */
  change(changes: readonly FileChange[], { allowed = Number.POSITIVE_INFINITY } = {}): void {
    const used = this.usedBytes;
    const undo: FileChange[] = [];
    const before = ({ path }: FileChange) => ({ path, bytes: this.#bytes.get(path) });
    try {
      for (const change of [...changes.filter(isRemoval), ...changes.filter((change) => !isRemoval(change))]) {
        undo.push(before(change));
        this.#set(change);
      }
      // An owner whose circle is full can still change its policy, and decide on what waits.
      const ofOwner = undo.filter(isOwners).reduce((sum, one) => sum + this.#grown(one), 0);
      const grown = this.usedBytes - used - ofOwner;
      if (grown > 0 && used + grown > allowed) throw new StorageFull({ used: used + grown, allowed });
    } catch (error) {
      for (const change of undo.toReversed()) this.#set(change);
      throw error;
    }
  }

  /** How many bytes a file has more than it had. */
  #grown({ path, bytes = 0 }: FileChange): number {
    return (this.#bytes.get(path) ?? 0) - bytes;
  }

  #set({ path, bytes }: FileChange): void {
    const before = this.#bytes.get(path);
    if (bytes === undefined) {
      if (before !== undefined) this.#remove(path);
    } else {
      if (before === undefined) this.#add(path);
      this.#bytes.set(path, bytes);
    }
    this.#contentBytes += (bytes ?? 0) - (before ?? 0);
  }

  #add(path: string): void {
    const folders = foldersOf(path);
    for (const folder of folders) this.#check(folder, "folder");
    this.#check(path, "file");
    this.#count(path, 1);
    this.#entries.set(foldCase(path), { path, entries: "file" });
    const named = namedAt(path);
    if (named && named.kind !== "config") this.#names[named.kind].add(named.name);
    for (const folder of folders.toReversed()) {
      const entry = this.#entries.get(foldCase(folder));
      if (entry && entry.entries !== "file") {
        entry.entries += 1;
        return; // its own folders know of it
      }
      this.#count(folder, 1);
      this.#entries.set(foldCase(folder), { path: folder, entries: 1 });
    }
  }

  /** Removes a file and the folders that it leaves empty. */
  #remove(path: string): void {
    this.#bytes.delete(path);
    this.#entries.delete(foldCase(path));
    this.#count(path, -1);
    const named = namedAt(path);
    if (named && named.kind !== "config") this.#names[named.kind].delete(named.name);
    for (const folder of foldersOf(path).toReversed()) {
      const entry = this.#entries.get(foldCase(folder));
      if (!entry || entry.entries === "file") break;
      entry.entries -= 1;
      if (entry.entries > 0) break;
      this.#entries.delete(foldCase(folder));
      this.#count(folder, -1);
    }
  }

  #count(path: string, sign: 1 | -1): void {
    if (!isConfig(path)) this.#counted += sign;
  }

  #check(path: string, kind: "file" | "folder"): void {
    const entry = this.#entries.get(foldCase(path));
    if (!entry) return;
    if (entry.path !== path) throw new NameRefused("name: expected one that differs in more than case from all others");
    if ((entry.entries === "file") === (kind === "file")) return;
    throw new NameRefused("name: expected one that is not at once a folder and a document");
  }
}

/** What only an owner changes. `bytes` are those that it had before. */
function isOwners({ path, bytes }: FileChange): boolean {
  return isConfig(path) || (path.startsWith("inbox/") && bytes !== undefined);
}

function isConfig(path: string): boolean {
  return path === "config" || path.startsWith("config/");
}

function isRemoval({ bytes }: FileChange): boolean {
  return bytes === undefined;
}

function foldersOf(path: string): string[] {
  const segments = path.split("/");
  return segments.slice(1).map((_, i) => segments.slice(0, i + 1).join("/"));
}
