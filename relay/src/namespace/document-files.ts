import { constants } from "node:fs";
import { open, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { documentName, documentPath, NameRefused } from "./names.ts";
import { existsBelow, makeFoldersBelow, obstacleBelow, readBelow } from "./no-follow.ts";
import { filesBelow } from "./snapshot.ts";

const ASIDE = /^aside-\d+\.tmp$/;
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Brings a circle's files in line with what its log says. Whatever is lost of it, the log brings back. */
export class DocumentFiles {
  readonly #folder: string;
  #asides = 0;
  #strays = 0;

  /** `folder` is the circle's: documents lie in its `data/`, and are written in its `logs/` first, where none can be. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get root(): string {
    return join(this.#folder, "data");
  }

  /** Removes what a process that was killed left unfinished. */
  async clean(): Promise<void> {
    for (const name of await readdir(join(this.#folder, "logs"))) {
      if (ASIDE.test(name)) await unlink(join(this.#folder, "logs", name));
    }
  }

  /** Answers whether the document's file holds this JSON text. */
  holds(name: string, value: string): boolean {
    try {
      return readBelow(this.root, documentPath(name)) === fileText(value);
    } catch (error) {
      if (error instanceof NameRefused) return false;
      throw error;
    }
  }

  /** Writes aside and renames, so that a reader sees the old or the new and never a part. */
  async write(name: string, value: string | null): Promise<void> {
    const path = documentPath(name);
    if (value === null) return this.#delete(path);
    await makeFoldersBelow(this.root, path);
    this.#asides += 1;
    const aside = join(this.#folder, "logs", `aside-${this.#asides}.tmp`);
    const file = await open(aside, NEW, 0o600);
    try {
      await file.writeFile(fileText(value));
    } finally {
      await file.close();
    }
    await rename(aside, join(this.root, path));
  }

  /** As `write`, after moving away whatever somebody put in its place. */
  async restore(name: string, value: string): Promise<void> {
    const obstacle = await obstacleBelow(this.root, documentPath(name));
    if (obstacle !== undefined) await this.#moveAway(obstacle);
    await this.write(name, value);
  }

  /**
   * Clears `data/` of all documents but those at `paths`: removes those that were `deleted`, and moves away what
   * somebody else put there. Answers their names.
   */
  async removeOthers(paths: { has(path: string): boolean }, deleted: ReadonlySet<string>): Promise<string[]> {
    const removed: string[] = [];
    for (const path of Array.from(filesBelow(this.root))) {
      const name = documentName(path);
      if (name === undefined || paths.has(path)) continue;
      await (deleted.has(name) ? this.#delete(path) : this.#moveAway(path));
      removed.push(name);
    }
    return removed;
  }

  /** What somebody put into `data/` is theirs: it is kept, where no script sees it. */
  async #moveAway(path: string): Promise<void> {
    this.#strays += 1;
    const to = `strays/${new Date().toISOString().replaceAll(":", "-")}-${this.#strays}/${path}`;
    await makeFoldersBelow(this.#folder, to);
    await rename(join(this.root, path), join(this.#folder, to));
  }

  async #delete(path: string): Promise<void> {
    if (!(await existsBelow(this.root, path))) return;
    await unlink(join(this.root, path));
    try {
      for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) await rmdir(join(this.root, folder));
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error; // it holds more
    }
  }
}

function fileText(value: string): string {
  return `${value}\n`;
}
