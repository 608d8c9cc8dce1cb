import { fdatasync, fstatSync, ftruncateSync, writeSync } from "node:fs";
import { promisify } from "node:util";

/** What a log asks of the disk while it is open. A part, for each of these can fail. `file` is a descriptor. */
export interface Disk {
  sizeBytes(file: number): number;
  /** Writes at the file's end as much as it can, and answers how many bytes. */
  append(file: number, bytes: Uint8Array): number;
  /** Resolves when everything written to the file is there whatever the machine does. */
  sync(file: number): Promise<void>;
  truncate(file: number, sizeBytes: number): void;
}

/** Synchronous but for syncing: into the page cache it takes microseconds, less than the way through a thread pool. */
export const realDisk: Disk = {
  sizeBytes: (file) => fstatSync(file).size,
  append: (file, bytes) => writeSync(file, bytes),
  sync: promisify(fdatasync),
  truncate: ftruncateSync,
};
