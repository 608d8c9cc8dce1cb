import { open, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { documentPath } from "./names.ts";
import { makeFoldersBelow, readBelow } from "./no-follow.ts";

const ASIDE = /^aside-\d+\.tmp$/;

/** Brings a circle's files in line with what its log says. Whatever is lost of it, the log brings back. */
export class DocumentFiles {
  readonly #root: string;
  readonly #asideFolder: string;
  #asides = 0;

  /** Files are written in `asideFolder` first, on the same file system as `root`, where no document can be. */
  constructor(root: string, asideFolder: string) {
    this.#root = root;
    this.#asideFolder = asideFolder;
  }

  /** Removes what a process that was killed left unfinished. */
  async clean(): Promise<void> {
    for (const name of await readdir(this.#asideFolder)) {
      if (ASIDE.test(name)) await unlink(join(this.#asideFolder, name));
    }
  }

  /** Answers whether the document's file holds this JSON text (`null`: is not there). */
  holds(name: string, value: string | null): boolean {
    const text = readBelow(this.#root, documentPath(name));
    return text === (value === null ? undefined : fileText(value));
  }

  /** Writes aside and renames, so that a reader sees the old or the new and never a part. */
  async write(name: string, value: string | null): Promise<void> {
    const path = documentPath(name);
    if (value === null) return this.#delete(path);
    await makeFoldersBelow(this.#root, path);
    this.#asides += 1;
    const aside = join(this.#asideFolder, `aside-${this.#asides}.tmp`);
    const file = await open(aside, "w", 0o600);
    try {
      await file.writeFile(fileText(value));
    } finally {
      await file.close();
    }
    await rename(aside, join(this.#root, path));
  }

  async #delete(path: string): Promise<void> {
    try {
      await unlink(join(this.#root, path));
      for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) await rmdir(join(this.#root, folder));
    } catch (error) {
      // It was gone, or its folder holds more.
      if (!["ENOENT", "ENOTDIR", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

function fileText(value: string): string {
  return `${value}\n`;
}
