import { closeSync, constants, lstatSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { open, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { bytesOf } from "./contents.ts";
import { NameRefused, namedAt } from "./names.ts";
import { existsBelow, makeFoldersBelow, obstacleBelow, readBelow } from "./no-follow.ts";
import type { Content } from "./record.ts";

const ASIDE = /^aside-\d+\.tmp$/;
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Folders of a circle that hold nothing but what its log says. */
const FOLDERS = ["data", "config", "inbox"];
const SMALL_BYTES = 64 * 1024;
/** Files looked at, or written, before others have their turn. */
const FILES_AT_ONCE = 64;

/** Brings a circle's files in line with what its log says. Whatever is lost of it, the log brings back. */
export class CircleFiles {
  readonly #folder: string;
  #asides = 0;
  #strays = 0;
  #written = 0;

  /** `folder` is the circle's. Files are written in its `logs/` first, where none of them can be. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Removes what a process that was killed left unfinished. */
  async clean(): Promise<void> {
    for (const name of await readdir(join(this.#folder, "logs"))) {
      if (ASIDE.test(name)) await unlink(join(this.#folder, "logs", name));
    }
  }

  /** `undefined` if there is no file, or something that no play made. */
  read(path: string): Buffer | undefined {
    try {
      return readBelow(this.#folder, path);
    } catch (error) {
      if (error instanceof NameRefused) return undefined;
      throw error;
    }
  }

  /** Writes aside and renames, so that a reader sees the old or the new and never a part. */
  async write(path: string, content: Content | null): Promise<void> {
    this.#written += 1;
    if (this.#written % FILES_AT_ONCE === 0) await nextTurn();
    if (!namedAt(path)) throw new NameRefused("name: expected the path of one of the circle's files, got another");
    if (content === null) return this.#delete(path);
    makeFoldersBelow(this.#folder, path);
    this.#asides += 1;
    const aside = join(this.#folder, "logs", `aside-${this.#asides}.tmp`);
    await writeNew(aside, bytesOf(content));
    await rename(aside, join(this.#folder, path)); // over another file, ext4 writes that out first
  }

  /** As `write`, after moving away whatever somebody put in its place. */
  async restore(path: string, content: Content): Promise<void> {
    const obstacle = await obstacleBelow(this.#folder, path);
    if (obstacle !== undefined) await this.#moveAway(obstacle);
    await this.write(path, content);
  }

  /** A file that a play may have made; `undefined` if there is none. */
  findAny(): string | undefined {
    for (const folder of FOLDERS) for (const path of filesBelow(this.#folder, folder)) if (namedAt(path)) return path;
    return undefined;
  }

  /**
   * Clears the circle of all files but `kept`: removes those that were `deleted`, and moves away what somebody else put
   * there. Answers their paths.
   */
  async removeOthers(kept: { has(path: string): boolean }, deleted: ReadonlySet<string>): Promise<string[]> {
    const removed: string[] = [];
    for (const folder of FOLDERS) {
      for (const path of await this.#others(folder, kept)) {
        await (deleted.has(path) ? this.#delete(path) : this.#moveAway(path));
        removed.push(path);
      }
    }
    return removed;
  }

  async #others(folder: string, kept: { has(path: string): boolean }): Promise<string[]> {
    const others: string[] = [];
    let looked = 0;
    for (const path of filesBelow(this.#folder, folder)) {
      looked += 1;
      if (looked % FILES_AT_ONCE === 0) await nextTurn();
      if (!kept.has(path) && namedAt(path)) others.push(path);
    }
    return others;
  }

  /** What somebody put here is theirs: it is kept, where no script sees it. */
  async #moveAway(path: string): Promise<void> {
    this.#strays += 1;
    const to = `strays/${new Date().toISOString().replaceAll(":", "-")}-${this.#strays}/${path}`;
    makeFoldersBelow(this.#folder, to);
    await rename(join(this.#folder, path), join(this.#folder, to));
  }

  async #delete(path: string): Promise<void> {
    if (!(await existsBelow(this.#folder, path))) return;
    await unlink(join(this.#folder, path));
    try {
      const top = path.slice(0, path.indexOf("/"));
      for (let folder = dirname(path); folder !== top; folder = dirname(folder))
        await rmdir(join(this.#folder, folder));
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error; // it holds more
    }
  }
}

/** A small file is written while everybody waits: into the page cache that takes less than the way through a thread pool. */
async function writeNew(path: string, bytes: Buffer): Promise<void> {
  if (bytes.length <= SMALL_BYTES) {
    const file = openSync(path, NEW, 0o600);
    try {
      writeFileSync(file, bytes);
    } finally {
      closeSync(file);
    }
    return;
  }
  const file = await open(path, NEW, 0o600);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}

/** Paths below `root` of all files in a folder of it, links left out. A folder that is not there holds none. */
function* filesBelow(root: string, folder: string): Generator<string> {
  for (const entry of readFolder(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
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
