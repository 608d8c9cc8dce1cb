import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { NameRefused } from "./names.ts";

/** A larger file was not written by a play. */
const MOST_FILE_BYTES = 64 * 2 ** 20;

/**
 * Reads the file at `path` below `root` as text, going through no symbolic link on the way; `undefined` if there is none.
 * Synchronous, because a script waits for it. @throws {NameRefused} if there is anything but a plain file.
 */
export function readBelow(root: string, path: string): string | undefined {
  try {
    for (const folder of foldersTo(root, path)) checkFolder(lstatSync(folder));
    // Not to block on a pipe that somebody put here.
    const file = openSync(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const status = fstatSync(file);
      if (!status.isFile() || status.size > MOST_FILE_BYTES) throw notPlain();
      return readFileSync(file, "utf8");
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

/** Makes the folders for the file at `path` below `root`. @throws {NameRefused} if one of them is a symbolic link. */
export async function makeFoldersBelow(root: string, path: string): Promise<void> {
  for (const folder of foldersTo(root, path)) {
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    checkFolder(await lstat(folder));
  }
}

function foldersTo(root: string, path: string): string[] {
  const segments = path.split("/");
  return segments.map((_, i) => join(root, ...segments.slice(0, i)));
}

function checkFolder(status: { isDirectory(): boolean }): void {
  if (!status.isDirectory()) throw notPlain();
}

function notPlain(): NameRefused {
  return new NameRefused("name: expected a plain file of this circle, got a link or something else");
}
