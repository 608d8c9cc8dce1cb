import type { FileHandle } from "node:fs/promises";
import type { Disk } from "./disk.ts";

/** The segment that is written: a file that only grows, and knows how much of it is on the disk. */
export class SegmentFile {
  readonly number: number;
  readonly #file: FileHandle;
  readonly #disk: Disk;
  #bytes: number;
  #synced: number;
  #syncing: Promise<void> = Promise.resolve();
  #failure: unknown;

  /** What is in the file was synced. It is closed with this. */
  constructor(file: FileHandle, { number, bytes, disk }: { number: number; bytes: number; disk: Disk }) {
    this.number = number;
    this.#file = file;
    this.#disk = disk;
    this.#bytes = bytes;
    this.#synced = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** As many bytes are known to be on the disk. */
  get synced(): number {
    return this.#synced;
  }

  /** @throws if somebody else wrote here, or it cannot be written whole: then a part of it may stand there. */
  append(bytes: Buffer): void {
    if (this.#failure !== undefined) throw new Error("log: a sync failed", { cause: this.#failure });
    const { fd } = this.#file;
    const size = this.#disk.sizeBytes(fd);
    if (size !== this.#bytes) throw new Error(`log: expected ${this.#bytes} bytes, got ${size}: somebody else wrote`);
    for (let written = 0; written < bytes.length; ) written += this.#disk.append(fd, bytes.subarray(written));
    this.#bytes += bytes.length;
  }

  /** One at a time, and none after one that failed: the system tells of what it could not write only once. */
  sync(): Promise<void> {
    this.#syncing = this.#syncing.then(() => this.#sync());
    return this.#syncing;
  }

  async read({ offset, bytes }: { offset: number; bytes: number }): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(bytes), 0, bytes, offset);
    return buffer.subarray(0, bytesRead);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #sync(): Promise<void> {
    const { fd } = this.#file;
    const bytes = this.#bytes;
    if (bytes === this.#synced) return;
    try {
      await this.#disk.sync(fd);
      this.#synced = bytes;
    } catch (error) {
      this.#failure = error;
      // The system may have forgotten what it could not write, and show it all the same: none of it counts.
      this.#disk.truncate(fd, this.#synced);
      this.#bytes = this.#synced;
      throw error;
    }
  }
}
