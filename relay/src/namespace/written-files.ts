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

/** What a log wrote, told in its order and without the contents: they may be more than fits into memory. */
export class WrittenFiles {
  readonly files = new Map<string, WrittenFile>();

  /** Answers paths of files that were there and are no more. */
  add(writes: readonly Write[], place: Place): string[] {
    const deleted: string[] = [];
    for (const { path, content } of writes) {
      if (content) this.files.set(path, writtenFile(bytesOf(content), place));
      else if (this.files.delete(path)) deleted.push(path);
    }
    return deleted;
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
