import { lastEventId, type TopicEvent } from "@circles/sdk/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryOf } from "../../test/entries.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { realDisk } from "./disk.ts";
import { Namespace, type NamespaceOptions } from "./namespace.ts";

const circle = alice.publicKey;

describe("the events of a circle", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let namespace: Namespace;
  let plays: number;
  let synced: number;
  let until: number;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    plays = 0;
    synced = 0;
    until = Math.ceil(Date.now() / 1_000) + 60;
    namespace = await open();
  });
  afterEach(async () => {
    await namespace.close();
    await folder.remove();
  });

  const disk = {
    ...realDisk,
    sync: (file: number) => {
      synced += 1;
      return realDisk.sync(file);
    },
  };
  const open = (options: Partial<NamespaceOptions> = {}) =>
    Namespace.open({ dbPath: folder.path, circle, disk, ...options });
  const reopen = async (options?: Partial<NamespaceOptions>) => {
    await namespace.close();
    namespace = await open(options);
  };
  /** Commits a play that emits these, by topic, and writes so many characters. */
  const commit = (events: [topic: string, data: unknown][], characters = 0) => {
    plays += 1;
    const text = "x".repeat(characters);
    const writes = characters > 0 ? [{ path: "data/f", content: { text } }] : [];
    namespace.takeWrites(writes);
    const emitted = events.map(([topic, data]) => ({ topic, data }));
    return namespace.commit(
      entryOf({ id: `t${plays}`, until, writes, ...(emitted.length > 0 ? { events: emitted } : {}) }),
    );
  };
  const read = (topic: string, after: number | undefined, limit = 100) => namespace.readEvents({ topic, after, limit });
  /** All events of a topic, page by page, and how many pages that took. */
  const readAll = async (topic: string, after: number, limit = 100) => {
    const events: TopicEvent[] = [];
    for (let [pages, from] = [1, after]; ; pages++) {
      const page = await read(topic, from, limit);
      events.push(...page.events);
      if (!page.more) return { events, head: page.head, pages };
      from = page.head;
    }
  };

  it("[EV1] are numbered by record and by their place in it, and tell after which one they come", async () => {
    expect(await read("chat", 0)).toEqual({ after: 0, head: 0, events: [] });
    const first = await commit([
      ["chat", 1],
      ["news", { a: [] }],
      ["chat", null],
    ]);
    expect(first.news).toEqual([
      {
        topic: "chat",
        after: 0,
        head: 1_000,
        events: [
          { id: 1, data: 1 },
          { id: 3, data: null },
        ],
      },
      { topic: "news", after: 0, head: 1_000, events: [{ id: 2, data: { a: [] } }] },
    ]);
    expect((await commit([], 10)).news).toEqual([]);
    const third = await commit([
      ["__proto__", 2],
      ["chat", 4],
    ]);
    expect(third.news).toEqual([
      { topic: "__proto__", after: 0, head: 3_000, events: [{ id: 2_001, data: 2 }] },
      { topic: "chat", after: 1_000, head: 3_000, events: [{ id: 2_002, data: 4 }] },
    ]);
    for (let i = 0; i < 2; i++) {
      expect(await read("chat", 1)).toEqual({
        after: 1,
        head: 3_000,
        events: [
          { id: 3, data: null },
          { id: 2_002, data: 4 },
        ],
      });
      expect(await read("chat", undefined)).toEqual({ after: 3_000, head: 3_000, events: [] });
      expect(await read("constructor", 0)).toEqual({ after: 0, head: 3_000, events: [] });
      expect(namespace.eventHead).toBe(3_000);
      await reopen();
    }
  });

  it("[EV2] are in their record, on the disk before anybody hears of them", async () => {
    await commit([["chat", 1]]);
    expect(synced).toBe(1);
    await commit([]);
    expect(synced).toBe(1);
    await read("chat", undefined); // what it answers of stays so
    expect(synced).toBe(2);
    await read("chat", 0);
    expect(synced).toBe(2);
    const { records } = await namespace.readRecords({ after: 0, limit: 9 });
    expect(records).toMatchObject([{ seq: 1, events: [{ topic: "chat", data: 1 }] }, { seq: 2 }]);
    expect(records[1]).not.toHaveProperty("events");
  });

  it("[EV3] come in pages that end within a record, after so many events or so much of them", async () => {
    for (let i = 0; i < 3; i++) await commit(Array.from({ length: 5 }, (_, n) => ["chat", `${i}-${n}`]));
    expect(await read("chat", 2, 2)).toEqual({
      after: 2,
      head: 4,
      events: [
        { id: 3, data: "0-2" },
        { id: 4, data: "0-3" },
      ],
      more: true,
    });
    expect((await readAll("chat", 0, 2)).events.map(({ data }) => data)).toEqual(
      [0, 1, 2].flatMap((i) => [0, 1, 2, 3, 4].map((n) => `${i}-${n}`)),
    );
    await commit([
      ["large", "x".repeat(400_000)],
      ["large", "y".repeat(400_000)],
      ["large", "z"],
    ]);
    const { events, pages } = await readAll("large", 0);
    expect([events.length, pages]).toEqual([3, 3]);
  });

  it("[EV3] are found where they are few, without reading what is before the last that was", async () => {
    await commit([["rare", 1]]);
    for (let i = 0; i < 12; i++) await commit([["chat", i]], 500_000);
    const { head, pages } = await readAll("rare", 1);
    expect([head, pages]).toEqual([13_000, 1]); // nothing came after: nothing is looked at
    await commit([["rare", 2]]);
    const all = await readAll("rare", 1);
    expect(all.events).toEqual([{ id: 13_001, data: 2 }]);
    expect(all.pages).toBeGreaterThan(1); // six MB were looked at
  });

  it("[EV4] that the log may have had and has no more are told of as a gap", async () => {
    until = 1; // no record is kept for its task's sake
    await reopen({ segmentBytes: 20_000, keepLogMs: -1_000 });
    for (let i = 0; i < 12; i++)
      await commit([["chat", i], ...(i === 0 ? [["old", 0] as [string, number]] : [])], 9_000);
    await reopen({ segmentBytes: 20_000, keepLogMs: -1_000 });
    const { records } = await namespace.readRecords({ after: 0, limit: 1 });
    expect(records[0]?.seq).toBeGreaterThan(1);
    for (const topic of ["chat", "old"]) expect(await read(topic, 0)).toMatchObject({ after: 0, gap: true });
    await commit([["chat", "after any checkpoint"]]);
    const { events, gap } = await read("chat", namespace.eventHead - 2_000);
    expect([events.at(-1)?.data, gap]).toEqual(["after any checkpoint", undefined]);
    expect(await read("chat", namespace.eventHead + 1)).toEqual({
      after: namespace.eventHead + 1,
      head: namespace.eventHead,
      events: [],
      gap: true,
    });
  });

  it("[EV2] are not answered from a log that has failed", async () => {
    await commit([["chat", 1]]);
    disk.sync = () => Promise.reject(new Error("EIO"));
    await expect(commit([["chat", 2]])).rejects.toThrow("EIO");
    await expect(read("chat", 0)).rejects.toThrow();
    disk.sync = realDisk.sync;
    await reopen();
    expect((await read("chat", 0)).events).toEqual([{ id: 1, data: 1 }]);
  });

  it("[LG13] records that contain a text are found among the others", async () => {
    await commit([["chat", 1]]);
    await commit([["chat", 2]]);
    await commit([["chat", 2]]);
    const seqsOf = async (options: object) => {
      const { records, next } = await namespace.readRecords({ after: 0, limit: 9, containing: '"data":2', ...options });
      return [records.map(({ seq }) => seq), next];
    };
    expect(await seqsOf({})).toEqual([[2, 3], undefined]);
    expect(await seqsOf({ upTo: 2 })).toEqual([[2], undefined]);
    expect(await seqsOf({ limit: 1 })).toEqual([[2], 2]);
  });

  it("[EV3] are all found from any number, whatever was checkpointed, reopened and forgotten", async () => {
    const topics = ["a", "b", ...Array.from({ length: 3 }, (_, i) => `rare-${i}`)];
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.array(fc.constantFrom(...topics), { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.constant("reopen" as const) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.nat(30_000),
        fc.integer({ min: 1, max: 5 }),
        async (steps, after, limit) => {
          await namespace.close();
          await folder.remove();
          folder = await makeTemporaryFolder();
          namespace = await open({ segmentBytes: 3_000, lease: 1 });
          const emitted = new Map<string, TopicEvent[]>(topics.map((topic) => [topic, []]));
          let lease = 1;
          for (const [n, step] of steps.entries()) {
            if (step === "reopen") {
              lease += 1;
              await reopen({ segmentBytes: 3_000, lease });
              continue;
            }
            const { head, news } = await commit(
              step.map((topic) => [topic, n]),
              n % 3 === 0 ? 1_500 : 0,
            );
            for (const { topic, after, head: to, events } of news) {
              const before = emitted.get(topic) ?? [];
              expect(after).toBeGreaterThanOrEqual(before.at(-1)?.id ?? 0); // nothing is between
              expect(to).toBe(lastEventId(head.seq));
              before.push(...events);
            }
          }
          for (const [topic, events] of emitted) {
            const found = await readAll(topic, Math.min(after, namespace.eventHead), limit);
            expect(found.events).toEqual(events.filter(({ id }) => id > after));
            expect(found.head).toBe(namespace.eventHead);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
