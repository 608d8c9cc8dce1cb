import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readFileSync, type Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { NameRefused } from "./names.ts";

/** A larger file was not written by a play. */
const MOST_FILE_BYTES = 64 * 2 ** 20;
// Not to block on a pipe that somebody put here.
const OPEN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads the file at `path` below `root`, going through no symbolic link on the way; `undefined` if there is none,
 * also where a folder is in its place or a file in that of its folder. Synchronous, because a script waits for it.
 * @throws {NameRefused} at a link, or anything else that no play made.
 */
export function readBelow(root: string, path: string): Buffer | undefined {
  try {
    for (const folder of foldersTo(root, path)) if (!isFolder(lstatSync(folder))) return undefined;
    const at = join(root, path);
    // Scripts often ask for what is not there, and an error takes longer to make than all else here.
    if (!lstatSync(at, { throwIfNoEntry: false })) return undefined;
    const file = openSync(at, OPEN);
    try {
      const status = fstatSync(file);
      if (isFolder(status)) return undefined;
      if (status.size > MOST_FILE_BYTES) throw notPlain();
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "ELOOP" || code === "ENXIO") throw notPlain();
    throw error;
  }
}

/**
 * Makes the folders for the file at `path` below `root`, and `root`. Synchronous, for nearly always they are there, and looking
 * takes less than the way through a thread pool. @throws {NameRefused} if one cannot be a folder.
 */
export function makeFoldersBelow(root: string, path: string): void {
  for (const folder of foldersTo(root, path)) {
    const status = lstatSync(folder, { throwIfNoEntry: false });
    if (!status) mkdirSync(folder, { mode: 0o700 });
    else if (!status.isDirectory()) throw notPlain();
  }
}

/**
 * The first thing on the way to the file at `path` below `root` that keeps it from being written, as a path below
 * `root`: what is no folder in a folder's place, or a folder in the file's.
 */
export async function obstacleBelow(root: string, path: string): Promise<string | undefined> {
  const segments = path.split("/");
  for (const [i] of segments.entries()) {
    const at = segments.slice(0, i + 1).join("/");
    const status = await lstat(join(root, at)).catch(nothing);
    if (!status) return undefined;
    const isFile = i === segments.length - 1;
    if (status.isDirectory() === isFile) return at;
  }
  return undefined;
}

/** Is there a file, or a link, at `path` below `root`? @throws {NameRefused} if the way there goes through a link. */
export async function existsBelow(root: string, path: string): Promise<boolean> {
  for (const folder of foldersTo(root, path)) {
    const status = await lstat(folder).catch(nothing);
    if (!status || !isFolder(status)) return false;
  }
  const status = await lstat(join(root, path)).catch(nothing);
  return status !== undefined && !status.isDirectory();
}

/** @throws {NameRefused} if there is anything but a folder. That there is nothing is all right. */
export async function checkFolder(path: string): Promise<void> {
  const status = await lstat(path).catch(nothing);
  if (status && !status.isDirectory()) throw notPlain();
}

function foldersTo(root: string, path: string): string[] {
  const segments = path.split("/");
  return segments.map((_, i) => join(root, ...segments.slice(0, i)));
}

/** A folder, not a plain file. @throws {NameRefused} if neither. */
function isFolder(status: Stats): boolean {
  if (status.isDirectory()) return true;
  if (status.isFile()) return false;
  throw notPlain();
}

function nothing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

function notPlain(): NameRefused {
  return new NameRefused("name: expected a plain file of this circle, got a link or something else");
}
