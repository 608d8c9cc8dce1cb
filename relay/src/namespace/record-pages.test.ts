import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryOf } from "../../test/entries.ts";
import { LoggedCircle } from "../../test/logged-circle.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import type { CircleLog } from "./log.ts";
import { LogDamaged } from "./read-log.ts";
import { segmentName } from "./segments.ts";

const circle = alice.publicKey;

describe("reading records by number", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let open: LoggedCircle[];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    open = [];
  });
  afterEach(async () => {
    for (const { log } of open) await log.close();
    await folder.remove();
  });

  /** Three segments, with records small and large. */
  const make = async () => {
    const one = await LoggedCircle.create({ folder: folder.path, circle });
    open.push(one);
    for (const times of [40, 25, 33]) {
      const sizes = Array.from({ length: times }, (_, i) => (i % 11 === 0 ? 70_000 : 10 * i));
      for (const [i, size] of sizes.entries()) await one.play(`f/${i % 3}`, "x".repeat(size), { durable: false });
      if (times !== 33) await one.checkpoint();
    }
    return one.log;
  };
  const reopen = async () => {
    const again = await LoggedCircle.open({ folder: folder.path, circle });
    if (!again) throw new Error("test: expected a log");
    open.push(again);
    return again.log;
  };
  const seqsOf = async (log: CircleLog, options: { after: number; limit: number; mostBytes?: number }) => {
    const { records, next } = await log.readRecords(options);
    return { seqs: records.map(({ seq }) => seq), next };
  };

  it("[LG13] answers those that follow a number, across segments, and where to go on", async () => {
    const written = await make();
    for (const log of [written, await reopen()]) {
      const { seq: head } = log.head;
      await fc.assert(
        fc.asyncProperty(fc.nat(head + 3), fc.integer({ min: 1, max: head + 3 }), async (after, limit) => {
          const { seqs, next } = await seqsOf(log, { after, limit, mostBytes: 2 ** 30 });
          const last = Math.min(head, after + limit);
          expect(seqs).toEqual(Array.from({ length: Math.max(0, last - after) }, (_, i) => after + i + 1));
          expect(next).toBe(last < head ? last : undefined);
        }),
        { numRuns: 60 },
      );
    }
  });

  it("[LG13] answers all of them in pages of a bounded size, and a larger record alone", async () => {
    const log = await make();
    const seqs: number[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page = await log.readRecords({ after, limit: 1_000, mostBytes: 60_000 });
      expect(page.records.length).toBeGreaterThan(0);
      expect(JSON.stringify(page.records.slice(0, -1)).length).toBeLessThan(61_000);
      seqs.push(...page.records.map(({ seq }) => seq));
      after = page.next;
    }
    expect(seqs).toEqual(Array.from({ length: log.head.seq }, (_, i) => i + 1));
  });

  it("[LG13] answers no record before others have heard of it", async () => {
    const log = await make();
    const { seq } = log.head;
    const appending = log.append(entryOf(), { durable: true });
    const reading = seqsOf(log, { after: seq - 1, limit: 10 });
    expect(await reading).toEqual({ seqs: [seq], next: undefined });
    await appending;
    expect((await seqsOf(log, { after: seq - 1, limit: 10 })).seqs).toEqual([seq, seq + 1]);
  });

  it("[LG13] answers nothing of a log without records, or after its end", async () => {
    const one = await LoggedCircle.create({ folder: folder.path, circle });
    open.push(one);
    expect(await seqsOf(one.log, { after: 0, limit: 10 })).toEqual({ seqs: [], next: undefined });
    await one.play("a", "1");
    expect(await seqsOf(one.log, { after: 9, limit: 10 })).toEqual({ seqs: [], next: undefined });
  });

  it("[LG4] answers no record that was altered since, also where opening does not look", async () => {
    await make();
    const log = await reopen();
    const path = join(folder.path, segmentName(1));
    const text = await readFile(path, "latin1");
    await writeFile(path, text.replace(/("path":"data\/f\/)1/, "$12"), "latin1");
    await expect(log.readRecords({ after: 0, limit: 5 })).rejects.toThrow(LogDamaged);
  });
});
