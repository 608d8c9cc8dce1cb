import { constants, fdatasync, fstatSync, ftruncateSync, writeSync } from "node:fs";
import { type FileHandle, link, open, unlink } from "node:fs/promises";
import { promisify } from "node:util";

/** What a log asks of the disk while it is open. A part, for each of these can fail. `file` is a descriptor. */
export interface Disk {
  sizeBytes(file: number): number;
  /** Writes at the file's end as much as it can, and answers how many bytes. */
  append(file: number, bytes: Uint8Array): number;
  /** Resolves when everything written to the file is there whatever the machine does. */
  sync(file: number): Promise<void>;
  truncate(file: number, sizeBytes: number): void;
  /** Makes a file to read and append to. Rejects with `EEXIST` if there is one. */
  create(path: string): Promise<FileHandle>;
  /** Gives a file one more name. Rejects with `EEXIST` if another has it. */
  link(path: string, name: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes what was created, linked or removed in a folder stay so. */
  syncFolder(path: string): Promise<void>;
}

/** O_APPEND: whoever else should write here, nothing is written over. O_NONBLOCK: not to wait at a pipe put in its place. */
export const OPEN_TO_APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Synchronous where it comes to the page cache: that takes microseconds, less than the way through a thread pool. */
export const realDisk: Disk = {
  sizeBytes: (file) => fstatSync(file).size,
  append: (file, bytes) => writeSync(file, bytes),
  sync: promisify(fdatasync),
  truncate: ftruncateSync,
  create: (path) => open(path, OPEN_TO_APPEND | constants.O_CREAT | constants.O_EXCL, 0o600),
  link,
  remove: unlink,
  async syncFolder(path) {
    const folder = await open(path);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};
