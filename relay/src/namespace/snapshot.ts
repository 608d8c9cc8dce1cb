import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { documentName, documentPath, NameRefused } from "./names.ts";
import { readBelow } from "./no-follow.ts";

/** A circle's documents at one moment, in a form that can be sent to a thread. */
export type SnapshotSource = {
  /** The circle's `data/` folder. */
  readonly root: string;
  /** Committed changes that may not have reached the files yet: JSON text, or `null` for a deleted document. */
  readonly pending: ReadonlyMap<string, string | null>;
};

/** Reads the documents of a snapshot. Nothing else of the circle's folder can be reached through it. */
export class DocumentSnapshot {
  readonly #source: SnapshotSource;

  constructor(source: SnapshotSource) {
    this.#source = source;
  }

  /** @throws {NameRefused} */
  checkName(name: string): void {
    documentPath(name);
  }

  /** The document's JSON text. @throws {NameRefused} */
  read(name: string): string | undefined {
    const pending = this.#source.pending.get(name);
    if (pending !== undefined) return pending ?? undefined;
    return readBelow(this.#source.root, documentPath(name));
  }

  /** Names that begin with `prefix`, sorted by UTF-16 units. @throws {NameRefused} if `data/` is a link. */
  list(prefix: string): string[] {
    const names = new Set<string>();
    for (const path of filesBelow(this.#source.root)) {
      const name = documentName(path);
      if (name?.startsWith(prefix)) names.add(name);
    }
    for (const [name, value] of this.#source.pending) {
      if (!name.startsWith(prefix)) continue;
      if (value === null) names.delete(name);
      else names.add(name);
    }
    return [...names].toSorted();
  }
}

/** Paths below `root` of all files in it and its folders, links left out. A folder that is not there holds none. */
export function* filesBelow(root: string, below = ""): Generator<string> {
  for (const entry of readFolder(join(root, below))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(root, path);
    else if (entry.isFile()) yield path;
  }
}

function readFolder(folder: string) {
  try {
    if (!lstatSync(folder).isDirectory()) throw new NameRefused("name: expected a folder of this circle, got a link");
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
