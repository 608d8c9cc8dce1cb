import { foldCase, NameRefused } from "./names.ts";

/** Something at a path: a file, or a folder that holds `entries` of either. */
type Entry = { readonly path: string; entries: number | "file" };

/**
 * Which files a circle's `data/` holds, so that two names that differ only in case, or of which one would be a folder
 * and one a file, cannot both exist on any file system.
 */
export class NameIndex {
  readonly #entries = new Map<string, Entry>();

  /** Is this file here? */
  has(path: string): boolean {
    const entry = this.#entries.get(foldCase(path));
    return entry?.path === path && entry.entries === "file";
  }

  /** Removes, then adds. @throws {NameRefused} if then two files would clash; nothing has changed in that case. */
  change({ remove, add }: { remove: readonly string[]; add: readonly string[] }): void {
    const undo: (() => void)[] = [];
    try {
      for (const path of remove) if (this.#remove(path)) undo.push(() => this.#add(path));
      for (const path of add) if (this.#add(path)) undo.push(() => this.#remove(path));
    } catch (error) {
      for (const back of undo.toReversed()) back();
      throw error;
    }
  }

  /** Answers whether it was not here yet. */
  #add(path: string): boolean {
    if (this.has(path)) return false;
    const folders = foldersOf(path);
    for (const folder of folders) this.#check(folder, "folder");
    this.#check(path, "file");
    this.#entries.set(foldCase(path), { path, entries: "file" });
    for (const folder of folders.toReversed()) {
      const entry = this.#entries.get(foldCase(folder));
      if (entry && entry.entries !== "file") {
        entry.entries += 1;
        return true; // its own folders know of it
      }
      this.#entries.set(foldCase(folder), { path: folder, entries: 1 });
    }
    return true;
  }

  /** Removes a file and the folders that it leaves empty. Answers whether it was here. */
  #remove(path: string): boolean {
    if (!this.has(path)) return false;
    this.#entries.delete(foldCase(path));
    for (const folder of foldersOf(path).toReversed()) {
      const entry = this.#entries.get(foldCase(folder));
      if (!entry || entry.entries === "file") break;
      entry.entries -= 1;
      if (entry.entries > 0) break;
      this.#entries.delete(foldCase(folder));
    }
    return true;
  }

  #check(path: string, kind: "file" | "folder"): void {
    const entry = this.#entries.get(foldCase(path));
    if (!entry) return;
    if (entry.path !== path) throw new NameRefused("name: expected one that differs in more than case from all others");
    if ((entry.entries === "file") === (kind === "file")) return;
    throw new NameRefused("name: expected one that is not at once a folder and a document");
  }
}

function foldersOf(path: string): string[] {
  const segments = path.split("/");
  return segments.slice(1).map((_, i) => segments.slice(0, i + 1).join("/"));
}
