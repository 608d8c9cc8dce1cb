import type { FileHandle } from "node:fs/promises";

export type Line = { readonly bytes: Buffer; readonly offset: number };

const CHUNK_BYTES = 64 * 1024;
const LINE_END = 0x0a;

/** The whole lines of a file from `offset` on, as they stand there. */
export async function* readLines(file: FileHandle, offset: number): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0);
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, rest.length)); // twice as much each time: a line may be long
    const { bytesRead } = await file.read(chunk, 0, chunk.length, offset + rest.length);
    if (bytesRead === 0) return;
    const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
      yield { bytes: bytes.subarray(from, end), offset: offset + from };
      from = end + 1;
    }
    rest = bytes.subarray(from);
    offset += from;
  }
}
