import { open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LogHead } from "@circles/sdk/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryOf } from "../../test/entries.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { makeBatch } from "./batch.ts";
import { CircleLog } from "./log.ts";
import { LogDamaged, readSegment } from "./read-log.ts";
import { genesis, makeLine, type Record } from "./record.ts";

const circle = alice.publicKey;

describe("a log that somebody changed", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let path: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    path = join(folder.path, "plays-000001.jsonl");
  });
  afterEach(() => folder.remove());

  /** The tasks in a log of these bytes. */
  const look = async (bytes: Buffer): Promise<string[]> => {
    await writeFile(path, bytes);
    const file = await open(path);
    const tasks: string[] = [];
    try {
      const segment = { number: 1, file, size: bytes.length, sealed: false };
      await readSegment(segment, genesis(circle), (record) => tasks.push("task" in record ? record.task : "?"));
      return tasks;
    } finally {
      await file.close();
    }
  };
  /** The bytes of a log of these tasks, a batch each, and where each batch ends. */
  const write = async (ids: string[], { durable }: { durable: boolean }) => {
    const log = await CircleLog.create({ folder: folder.path, circle });
    const ends: number[] = [];
    for (const id of ids) {
      await log.append(entryOf({ id, writes: [{ path: "data/doc.json", content: { json: JSON.stringify(id) } }] }), {
        durable,
      });
      ends.push((await readFile(path)).length);
    }
    await log.close();
    return { bytes: await readFile(path), ends };
  };

  it("[LG4] any byte that changed in any batch but the last is damage, found after the records before it", async () => {
    const { bytes: whole, ends } = await write(["t1", "t2", "t3"], { durable: true });
    await fc.assert(
      fc.asyncProperty(fc.nat((ends[1] ?? 0) - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(whole);
        changed[at] = (whole[at] ?? 0) ^ change;
        const before = ends.filter((end) => end <= at).length;
        await expect(look(changed)).rejects.toThrow(
          new RegExp(`^log: damaged at byte \\d+ of plays-000001.jsonl, after record ${before}:`),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it("[LG4] that is damaged is left as it is", async () => {
    const { bytes } = await write(["t1", "t2"], { durable: true });
    const damaged = bytes.fill("x", 20, 21);
    await writeFile(path, damaged);
    await expect(CircleLog.open({ folder: folder.path, circle }, () => {})).rejects.toThrow(LogDamaged);
    expect(await readFile(path)).toEqual(damaged);
  });

  it("[LG4] so that a batch seems to end behind the others is damaged, whether it was synced or not", async () => {
    for (const durable of [true, false]) {
      const { bytes } = await write(["t".repeat(1_000), "t2"], { durable });
      const longer = Buffer.from(bytes.toString("latin1").replace(/"bytes":\d/, '"bytes":9'), "latin1");
      expect(longer.length).toBe(bytes.length);
      await expect(look(longer)).rejects.toThrow(/after record 0: a batch ends too early/);
      await rm(path);
    }
  });

  it("[LG4] in what was synced is damaged, wherever the header stands that knows of it", async () => {
    const first = makeBatch(["zeros"], { synced: 0 }).bytes.fill(0, 10, 20);
    const last = makeBatch(["{}"], { synced: 1 }).bytes;
    const { length: overhead } = makeBatch(["x".repeat(2 ** 20)], { synced: 0 }).bytes;
    for (let at = 2 ** 20 - 300; at <= 2 ** 20 + 20; at += 20) {
      const filler = "x".repeat(2 ** 20 + at - first.length - overhead);
      const bytes = Buffer.concat([first, makeBatch([filler], { synced: 0 }).bytes, last]);
      expect(bytes.indexOf(last)).toBe(at);
      await expect(look(bytes)).rejects.toThrow(LogDamaged);
    }
  });

  describe("[LG4] whoever changes records and makes the batches anew is found out:", () => {
    /** The lines of a log of four records. */
    const fourLines = () => {
      let head: LogHead = genesis(circle);
      return ["t1", "t2", "t3", "t4"].map((id) => {
        const made = makeLine(entryOf({ id }), head);
        ({ head } = made);
        return made.line;
      });
    };
    const parse = (line: string | undefined) => JSON.parse(line ?? "") as Record;

    it.each<[string, number, (lines: string[]) => (string | undefined)[]]>([
      ["a record altered", 3, ([a, b, c, d]) => [a, b?.replace("done", "gone"), c, d]],
      ["a record removed", 2, ([a, , c, d]) => [a, c, d]],
      ["the first record removed", 1, ([, b, c, d]) => [b, c, d]],
      ["two records exchanged", 2, ([a, b, c, d]) => [a, c, b, d]],
      ["a record twice", 3, ([a, b, c, d]) => [a, b, b, c, d]],
      ["a record put in", 3, ([a, b, c, d]) => [a, b, JSON.stringify({ ...parse(b), seq: 3 }), c, d]],
      ["records renumbered after one was removed", 2, ([a, , c]) => [a, JSON.stringify({ ...parse(c), seq: 2 })]],
      ["a line that is no JSON", 2, ([a, b]) => [a, b?.slice(1)]],
      ["a line that is no record", 2, ([a]) => [a, "null"]],
    ])("%s", async (_, seq, change) => {
      const lines = change(fourLines()).filter((line) => line !== undefined);
      await expect(look(makeBatch(lines, { synced: 0 }).bytes)).rejects.toThrow(
        new RegExp(`^log: damaged at byte \\d+ of plays-000001.jsonl: expected record ${seq} `),
      );
    });

    it("and an untouched one is not", async () => {
      expect(await look(makeBatch(fourLines(), { synced: 0 }).bytes)).toEqual(["t1", "t2", "t3", "t4"]);
    });
  });
});
