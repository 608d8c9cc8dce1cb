import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../test/entries.ts";
import { type BatchRead, makeBatch, readBatch, syncedOfHeaders } from "./batch.ts";

const anyLine = fc.oneof(
  fc.json({ maxDepth: 1 }),
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => JSON.stringify(text)),
  fc.constantFrom('{"batch":1,"records":1}', "{}", JSON.stringify('\n{"batch":1,"records":1,')),
);
const anyLines = fc.array(anyLine, { minLength: 1, maxLength: 4 });
const linesOf = (read: BatchRead) => (read.kind === "batch" ? read.lines.map(({ line }) => line) : undefined);

describe("a batch", () => {
  it("[LG1] is a header with counts and hash, then its lines", () => {
    const lines = ['{"seq":1}', '{"seq":2,"ä":"🎂"}'];
    const { bytes, firstLine } = makeBatch(lines, { synced: 77 });
    const body = `${lines.join("\n")}\n`;
    const counts = `{"batch":1,"records":2,"bytes":${Buffer.byteLength(body)},"synced":77`;
    const header = `${counts},"sha256":"${sha256(`${counts}\n${body}`)}"}`;
    expect(bytes.toString()).toBe(`${header}\n${body}`);
    expect(bytes.subarray(firstLine).toString()).toBe(body);
  });

  it("[LG1] is read as it was written, whatever stands before and behind it", () => {
    fc.assert(
      fc.property(anyLines, fc.string(), fc.string(), fc.nat(), (lines, before, behind, synced) => {
        const { bytes } = makeBatch(lines, { synced });
        const offset = Buffer.byteLength(before);
        const all = Buffer.concat([Buffer.from(before), bytes, Buffer.from(behind)]);
        const read = readBatch(all, offset);
        expect(linesOf(read)).toEqual(lines);
        if (read.kind !== "batch") return;
        expect(read.end).toBe(offset + bytes.length);
        for (const { line, offset, bytes } of read.lines) {
          expect(all.toString("utf8", offset, offset + bytes)).toBe(line);
        }
      }),
    );
  });

  it("[LG5] that was cut at any byte is short, and no other", () => {
    fc.assert(
      fc.property(anyLines, (lines) => {
        const { bytes } = makeBatch(lines, { synced: 0 });
        for (let length = 0; length < bytes.length; length++) {
          expect(readBatch(bytes.subarray(0, length), 0)).toEqual({ kind: "short" });
        }
      }),
    );
  });

  it("[LG4] of which any byte was changed to any other is not read as one", () => {
    fc.assert(
      fc.property(anyLines, fc.nat(), fc.integer({ min: 1, max: 255 }), (lines, position, change) => {
        const { bytes } = makeBatch(lines, { synced: 5 });
        const changed = Buffer.from(bytes);
        const at = position % bytes.length;
        changed[at] = (bytes[at] ?? 0) ^ change;
        expect(linesOf(readBatch(changed, 0))).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
  });

  it.each<[string, string]>([
    ["that ends without a line break", '{"batch":1,"records":1,"bytes":2,"synced":0'],
    ["with another number of lines", '{"batch":1,"records":2,"bytes":3,"synced":0'],
    ["of nothing", '{"batch":1,"records":0,"bytes":0,"synced":0'],
    ["that claims to be huge", '{"batch":1,"records":1,"bytes":999999999,"synced":0'],
  ])("[LG4] %s is damaged, even if its hash is right", (_, counts) => {
    const body = "{}\n".slice(0, Number(/"bytes":(\d+)/.exec(counts)?.[1]));
    const header = `${counts},"sha256":"${sha256(`${counts}\n${body}`)}"}\n`;
    expect(readBatch(Buffer.from(header + body), 0)).toMatchObject({ kind: "damaged" });
  });

  it.each(["no header at all, and not short ".repeat(9), `${" ".repeat(200)}\n`, "\n", "{}\n"])(
    "[LG4] %j is damaged",
    (text) => {
      expect(readBatch(Buffer.from(text), 0)).toMatchObject({ kind: "damaged" });
    },
  );

  it("[LG1] that is too large to be read again is not made", () => {
    expect(() => makeBatch(["x".repeat(64 * 2 ** 20)], { synced: 0 })).toThrow(RangeError);
  });

  it("[LG5] headers after the first say how much was synced, cut ones too that they are there", () => {
    const batches = [0, 12, 345].map((synced) => makeBatch(["{}"], { synced }).bytes);
    const all = Buffer.concat(batches);
    expect(syncedOfHeaders(all)).toEqual([12, 345]);
    expect(syncedOfHeaders(all.subarray(0, all.length - 20))).toEqual([12, -1]);
    expect(syncedOfHeaders(Buffer.alloc(10))).toEqual([]);
  });
});
