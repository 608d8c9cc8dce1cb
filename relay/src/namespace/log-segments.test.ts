import { cp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryOf } from "../../test/entries.ts";
import { LoggedCircle, openedState } from "../../test/logged-circle.ts";
import { alice, bob } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import type { LogOptions } from "./log.ts";
import type { Record } from "./record.ts";
import { listSegments, segmentName } from "./segments.ts";

const circle = alice.publicKey;
const unreadable = () => {
  throw new Error("EIO");
};

describe("a log in segments", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let options: LogOptions;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    options = { folder: folder.path, circle };
  });
  afterEach(() => folder.remove());

  const pathOf = (number: number) => join(folder.path, segmentName(number));
  const linesOf = async (number: number) => {
    const lines = (await readFile(pathOf(number), "utf8")).trimEnd().split("\n");
    return lines.filter((line) => !line.startsWith('{"batch"')).map((line) => JSON.parse(line) as Record);
  };
  const found = (given = options) => openedState(given);

  it("[LG10] begins a segment with the seal of the one before and with all files", async () => {
    const one = await LoggedCircle.create(options);
    for (const path of ["b", "a", "gone"]) await one.play(path, `${path}1`);
    await one.play("gone", null);
    const { head } = one.log;
    const { size } = await stat(pathOf(1));
    expect(await one.checkpoint()).toBe(true);
    await one.play("a", "a2");
    await one.log.close();
    const [seal, part, play, ...rest] = await linesOf(2);
    expect(seal).toMatchObject({
      seq: 5,
      prev: head.hash,
      segment: { number: 2, circle, previous: { number: 1, bytes: size, ...head } },
    });
    expect(part).toMatchObject({ checkpoint: { part: 1, last: true }, writes: [{ text: "a1" }, { text: "b1" }] });
    expect(play).toMatchObject({ seq: 7, writes: [{ text: "a2" }] });
    expect(rest).toEqual([]);
    expect(await found()).toEqual({ files: { a: "a2", b: "b1" }, head: one.log.head });
  });

  it("[LG11] opens from its newest whole checkpoint, without what is before, and knows its tasks", async () => {
    const one = await LoggedCircle.create(options);
    await one.play("a", "a1");
    await one.checkpoint();
    await one.play("b", "b1");
    await one.log.close();
    const again = await LoggedCircle.open(options);
    const recordOf = (id: string) => again?.state.tasks.recall(entryOf({ id }));
    expect([recordOf("a1-1"), recordOf("b1-2")]).toEqual([[1], [4]]);
    await again?.log.close();
    await rm(pathOf(1));
    expect((await found()).files).toEqual({ a: "a1", b: "b1" });
  });

  it("[LG11] is due for a checkpoint when it has grown by a segment's bytes, or by those of the circle's files", async () => {
    const one = await LoggedCircle.create({ ...options, segmentBytes: 1_000 });
    expect(one.log.isCheckpointDue(0)).toBe(false);
    await one.play("a", "a".repeat(1_000));
    expect(one.log.isCheckpointDue(0)).toBe(true);
    expect(one.log.isCheckpointDue(5_000)).toBe(false);
    await one.log.close();
    const again = await LoggedCircle.open({ ...options, segmentBytes: 1_000 });
    expect(again?.log.isCheckpointDue(0)).toBe(true);
    const writing = again?.checkpoint();
    expect(again?.log.isCheckpointDue(0)).toBe(false); // it is being written
    await writing;
    expect(again?.log.isCheckpointDue(0)).toBe(false);
    await again?.log.close();
    const third = await LoggedCircle.open({ ...options, segmentBytes: 1_000 });
    expect(third?.log.isCheckpointDue(0)).toBe(false);
    await third?.log.close();
  });

  it("[LG11] says in each part of a checkpoint what is true there, with plays between the parts and waiting", async () => {
    const one = await LoggedCircle.create(options);
    const plays: Promise<void>[] = [];
    const play = (i: number, text: string | null) => plays.push(one.play(`f/${i}`, text, { durable: false }));
    for (let i = 0; i < 700; i++) play(i, "old");
    await Promise.all(plays);
    for (let i = 0; i < 700; i += 7) play(i, "waiting"); // not written yet when the checkpoint begins
    let reads = 0;
    const checkpoint = one.checkpoint({
      read: (path) => {
        reads += 1;
        for (const i of [reads - 3, 700 - reads]) if (reads % 50 === 0) play(i, i % 3 === 0 ? null : "new");
        return one.state.checkpoint.read(path);
      },
    });
    expect(await checkpoint).toBe(true);
    await Promise.all(plays);
    await one.log.close();
    const records = await linesOf(2);
    const kinds = records.map((record) => ("checkpoint" in record ? "part" : "task" in record ? "play" : "segment"));
    expect(kinds.slice(kinds.indexOf("part"), kinds.lastIndexOf("part"))).toContain("play");
    expect(await found()).toEqual({ files: one.files, head: one.log.head });
  });

  it("[LG11] has checkpoints in parts of a bounded size", async () => {
    const one = await LoggedCircle.create(options);
    for (let i = 0; i < 5; i++) await one.play(`large/${i}`, "x".repeat(600_000));
    for (let seq = 6; seq < 200_000; seq++) {
      one.state.tasks.remember(entryOf({ id: `t${seq}` }), { seq, until: entryOf().until });
    }
    await one.checkpoint();
    await one.log.close();
    const parts = (await linesOf(2)).filter((record) => "checkpoint" in record);
    expect(parts.map(({ checkpoint }) => checkpoint)).toEqual([
      { part: 1, last: false },
      { part: 2, last: false },
      { part: 3, last: false },
      { part: 4, last: false },
      { part: 5, last: true },
    ]);
    expect((await found()).files).toEqual(one.files);
  });

  it("[LG11] goes on when the state cannot be read, and opens from before", async () => {
    const one = await LoggedCircle.create(options);
    await one.play("a", "a1");
    await expect(one.checkpoint({ read: unreadable })).rejects.toThrow("EIO");
    await one.play("b", "b1");
    await one.log.close();
    expect((await found()).files).toEqual({ a: "a1", b: "b1" });
    const again = await LoggedCircle.open(options);
    expect(await again?.checkpoint()).toBe(true);
    await again?.log.close();
    expect(await listSegments(folder.path)).toEqual([1, 2, 3]);
    expect((await found()).files).toEqual({ a: "a1", b: "b1" });
  });

  it("[LG11] that is closed during a checkpoint does without it", async () => {
    const one = await LoggedCircle.create(options);
    for (let i = 0; i < 600; i++) await one.play(`${i}`, "x", { durable: false });
    let closed: Promise<void> | undefined;
    const checkpoint = one.checkpoint({
      read: (path) => {
        closed ??= one.log.close();
        return one.state.checkpoint.read(path);
      },
    });
    expect(await checkpoint).toBe(false);
    await closed;
    expect(await listSegments(folder.path)).toEqual([1, 2]);
    expect((await found()).files).toEqual(one.files);
  });

  it("[LG5] whose newest segment has no whole beginning goes on in the one before", async () => {
    const one = await LoggedCircle.create(options);
    await one.play("a", "a1");
    await one.checkpoint();
    await one.log.close();
    const whole = await readFile(pathOf(2));
    const beginning = whole.indexOf('{"batch"', 1);
    for (let length = 0; length < beginning; length += 13) {
      await writeFile(pathOf(2), whole.subarray(0, length));
      expect((await found()).head?.seq).toBe(1);
      expect(await listSegments(folder.path)).toEqual([1]);
    }
    await writeFile(pathOf(2), Buffer.alloc(4_096));
    const again = await LoggedCircle.open(options);
    expect(await again?.checkpoint()).toBe(true);
    await again?.log.close();
    expect((await linesOf(2)).map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it("[LG5] cut anywhere in its newest segment has all that was before", async () => {
    const one = await LoggedCircle.create(options);
    await one.play("a", "a1");
    await one.play("b", "b1");
    await one.checkpoint();
    await one.log.close();
    const whole = await readFile(pathOf(2));
    for (let length = 0; length < whole.length; length += 29) {
      await writeFile(pathOf(2), whole.subarray(0, length));
      expect((await found()).files).toEqual({ a: "a1", b: "b1" });
    }
  });

  it("[LG10] ignores what was written to a segment after it was sealed", async () => {
    const one = await LoggedCircle.create(options);
    await one.play("a", "a1");
    await one.checkpoint();
    await one.log.close();
    const first = await readFile(pathOf(1));
    await writeFile(pathOf(1), Buffer.concat([first, first]));
    await truncate(pathOf(2), 700); // so that opening reads both
    expect((await found()).files).toEqual({ a: "a1" });
  });

  describe("[LG4] is damaged", () => {
    beforeEach(async () => {
      const one = await LoggedCircle.create(options);
      await one.play("a", "a1");
      await one.checkpoint();
      await one.log.close();
    });
    const withoutCheckpoint = async () => {
      const whole = await readFile(pathOf(2));
      await truncate(pathOf(2), whole.indexOf('{"batch"', 1));
    };

    it.each<[string, () => Promise<unknown>, RegExp]>([
      [
        "where a sealed segment is shorter",
        () => truncate(pathOf(1), 300),
        /expected \d+ bytes of plays-000001.jsonl, got 300/,
      ],
      ["where a sealed segment is altered", () => alter(1), /damaged at byte 0 of plays-000001.jsonl, after record 0/],
      ["where a segment is missing", () => rm(pathOf(1)), /expected plays-000001.jsonl, got nothing/],
    ])("%s, if it is needed", async (_, change, message) => {
      await change();
      expect((await found()).files).toEqual({ a: "a1" });
      await withoutCheckpoint();
      await expect(found()).rejects.toThrow(message);
    });

    it.each<[string, () => Promise<unknown>, RegExp]>([
      ["where a segment's beginning is altered", () => alter(2), /damaged at byte 0 of plays-000002.jsonl/],
      ["where a segment is another", () => cp(pathOf(1), pathOf(2)), /expected a record that seals segment 1/],
      ["where a number is left out", () => cp(pathOf(2), pathOf(4)), /expected a record that seals segment 3/],
    ])("%s", async (_, change, message) => {
      await change();
      await expect(found()).rejects.toThrow(message);
    });

    it("where it is another circle's", async () => {
      await expect(found({ ...options, circle: bob.publicKey })).rejects.toThrow(/segment 1 of this circle/);
    });

    const alter = async (number: number) => {
      const bytes = await readFile(pathOf(number));
      await writeFile(pathOf(number), bytes.fill("x", 30, 31));
    };
  });

  describe("[LG12] segments that are old", () => {
    /** Three segments, of which the first two are before the last checkpoint. */
    const three = async () => {
      const one = await LoggedCircle.create(options);
      await one.play("a", "a1");
      await one.checkpoint();
      await one.play("b", "b1");
      await one.checkpoint();
      return one;
    };
    const later = () => new Date(Date.now() + 60_000);
    /** No task is remembered. */
    const NONE = Number.POSITIVE_INFINITY;

    it("are removed, and the log is read as before", async () => {
      const one = await three();
      expect(await one.log.dropSegments({ olderThan: later(), keepFrom: NONE })).toBe(2);
      expect(await listSegments(folder.path)).toEqual([3]);
      expect((await one.log.readRecords({ after: 0, limit: 1 })).records).toMatchObject([{ segment: { number: 3 } }]);
      await one.play("c", "c1");
      await one.log.close();
      expect((await found()).files).toEqual({ a: "a1", b: "b1", c: "c1" });
    });

    it("are kept as long as asked, and where a remembered task stands, and from the last checkpoint on", async () => {
      const one = await three();
      expect(await one.log.dropSegments({ olderThan: new Date(0), keepFrom: NONE })).toBe(0);
      expect(await one.log.dropSegments({ olderThan: later(), keepFrom: one.state.tasks.oldest })).toBe(0);
      const [second = 0] = one.state.tasks.recall(entryOf({ id: "b1-2" }));
      expect(await one.log.dropSegments({ olderThan: later(), keepFrom: second })).toBe(1);
      expect(await listSegments(folder.path)).toEqual([2, 3]);
      await one.log.close();
    });

    it("are kept while there is no whole checkpoint after them", async () => {
      const one = await LoggedCircle.create(options);
      await one.play("a", "a1");
      await expect(one.checkpoint({ read: unreadable })).rejects.toThrow("EIO");
      expect(await one.log.dropSegments({ olderThan: later(), keepFrom: NONE })).toBe(0);
      await one.log.close();
      const again = await LoggedCircle.open(options);
      expect(await again?.log.dropSegments({ olderThan: later(), keepFrom: NONE })).toBe(0);
      await again?.log.close();
    });
  });
});
