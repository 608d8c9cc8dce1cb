import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type CheckedRecord, checkLog } from "@circles/sdk/log";
import { type LogLine, lastEventId } from "@circles/sdk/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LoggedCircle } from "../../test/logged-circle.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { readLogLines } from "./log-lines.ts";
import { segmentName } from "./segments.ts";

const circle = alice.publicKey;

describe("the lines of a log", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let one: LoggedCircle;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    one = await LoggedCircle.create({ folder: folder.path, circle });
  });
  afterEach(async () => {
    await one.log.close();
    await folder.remove();
  });

  const play = async (sizes: readonly number[]) => {
    for (const [i, size] of sizes.entries()) await one.play(`f/${i % 3}`, "ä".repeat(size), { durable: false });
  };
  /** Page by page, as far as the log goes. */
  const readAll = async (after: number, limit: number) => {
    const lines: LogLine[] = [];
    const ids: number[] = [];
    for (let from = after; ; ) {
      const page = await readLogLines({ after: from, limit }, one.log);
      expect(page.gap).toBeUndefined();
      lines.push(...page.events.map(({ data }) => data as LogLine));
      ids.push(...page.events.map(({ id }) => id));
      from = page.head;
      if (!page.more) return { lines, ids, head: page.head };
      expect(page.events.length).toBeGreaterThan(0);
    }
  };

  it("[EV10] are what is hashed, page by page, from whatever number on; long ones are told by their hash", async () => {
    await play([3, 40_000, 10, 300_000, 5]);
    await one.checkpoint();
    await play(Array.from({ length: 60 }, (_, i) => (i * 997) % 9_000));
    const { seq, hash } = one.log.head;
    const files = await Promise.all([1, 2].map((n) => readFile(join(folder.path, segmentName(n)), "utf8")));
    const written = files
      .join("")
      .split("\n")
      .filter((line) => line.startsWith('{"seq":'));
    const longLines = written.flatMap((line, i) => (Buffer.byteLength(line) > 65_536 ? [i + 1] : []));
    expect(longLines).toHaveLength(3);
    await fc.assert(
      fc.asyncProperty(fc.nat(seq), fc.nat(999), fc.integer({ min: 1, max: 100 }), async (after, inside, limit) => {
        const from = Math.max(0, lastEventId(after) - (after > 0 ? inside : 0));
        const first = after > 0 && inside > 0 ? after : after + 1;
        const { lines, ids, head } = await readAll(from, limit);
        expect(head).toBe(lastEventId(seq));
        expect(ids).toEqual(Array.from({ length: seq + 1 - first }, (_, i) => lastEventId(first + i)));
        const checked: CheckedRecord[] = [];
        for await (const record of checkLog(lines, { circle })) checked.push(record);
        for (const [i, line] of lines.entries()) if ("line" in line) expect(line.line).toBe(written[first + i - 1]);
        expect(checked.filter(({ fault }) => fault !== undefined)).toEqual([]);
        if (checked.length > 0) expect(checked.at(-1)).toMatchObject({ hash, record: { seq } });
        const long = checked.filter(({ isHashed }) => !isHashed).map(({ record }) => record.seq);
        expect(long).toEqual(longLines.filter((number) => number >= first));
      }),
      { numRuns: 40 },
    );
  });

  it("[EV4] that are there no more, or not yet, are a gap", async () => {
    await play([1, 2, 3]);
    expect(await readLogLines({ after: 4_001, limit: 10 }, one.log)).toEqual({
      after: 4_001,
      head: 3_000,
      events: [],
      gap: true,
    });
    expect(await readLogLines({ limit: 10 }, one.log)).toEqual({ after: 3_000, head: 3_000, events: [] });
    expect(await readLogLines({ after: 0, limit: 10 }, undefined)).toEqual({ after: 0, head: 0, events: [] });
    await one.checkpoint();
    await play([4]);
    const { head } = one.log;
    await one.log.close();
    await rm(join(folder.path, segmentName(1)));
    one = (await LoggedCircle.open({ folder: folder.path, circle })) ?? one;
    const page = await readLogLines({ after: 0, limit: 10 }, one.log);
    expect(page).toMatchObject({ gap: true, head: lastEventId(head.seq), events: [{ id: 4_000 }, {}, {}] });
  });
});
