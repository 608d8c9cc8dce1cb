import { hash } from "node:crypto";
import { bytesOf } from "./contents.ts";
import type { Place, Write } from "./record.ts";

/** A file as the log says that it is, without its content. */
export type WrittenFile = {
  /** Of the record that says so. */
  readonly place: Place;
  readonly bytes: number;
  /** Is this what the file is to hold? */
  isIn(bytes: Buffer | undefined): boolean;
};

/** What a log wrote, gathered while it is read from its start: it may be more than fits into memory. */
export class WrittenFiles {
  readonly files = new Map<string, WrittenFile>();
  /** Paths of files that were there and are no more. */
  readonly deleted = new Set<string>();

  add(writes: readonly Write[], place: Place): void {
    for (const { path, content } of writes) {
      if (content) {
        this.files.set(path, writtenFile(bytesOf(content), place));
        this.deleted.delete(path);
      } else if (this.files.delete(path)) this.deleted.add(path);
    }
  }
}

function writtenFile(content: Buffer, place: Place): WrittenFile {
  const { length } = content; // the content itself is not to be kept
  const sha256 = hash("sha256", content, "buffer");
  return {
    place,
    bytes: length,
    isIn: (bytes) => bytes?.length === length && hash("sha256", bytes, "buffer").equals(sha256),
  };
}
