import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryOf } from "../../test/entries.ts";
import { forgeSegment, writeExport } from "../../test/forged-log.ts";
import { alice, bob } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { importCircle } from "./import-circle.ts";
import { Namespace } from "./namespace.ts";
import { LogDamaged } from "./read-log.ts";
import { genesis } from "./record.ts";
import { segmentName } from "./segments.ts";
import { verifyLog } from "./verify-log.ts";

const circle = alice.publicKey;
const play = (writes: readonly object[]) => ({ ...entryOf(), writes });
const writing = (path: unknown) => play([{ path, text: "forged\n" }]);
const checkpoint = (tasks: unknown) => ({ checkpoint: { part: 1, last: true }, writes: [], tasks });
const table = (changed: object) => {
  return checkpoint({
    salt: "",
    tables: [{ from: 1, until: 9e15, slots: Buffer.alloc(64 * 6).toString("base64"), ...changed }],
  });
};

/** Records whose hashes are as they should be, and that no relay writes. */
const FORGED: readonly (readonly [what: string, record: object])[] = [
  ["a path out of the folder", writing("../../outside.txt")],
  ["a path out of data/", writing("data/../../../outside.txt")],
  ["a path into another circle", writing(`../${bob.publicKey}/data/a.json`)],
  ["an absolute path", writing("/tmp/outside.txt")],
  ["the path of its own log", writing("logs/plays-000002.jsonl")],
  ["the path of a stray", writing("strays/a")],
  ["the path of another file of config/", writing("config/other.json")],
  ["a path with NUL", writing("data/a\0b")],
  ["a path with a backslash", writing("data/..\\..\\a")],
  ["an over-long path", writing(`data/${"x".repeat(300)}`)],
  ["a number as a path", writing(5)],
  ["no path", play([{ text: "x" }])],
  ["a write of nothing", play([{ path: "data/a.json" }])],
  ["a text that is a number", play([{ path: "data/a", text: 5 }])],
  ["bytes that are a number", play([{ path: "data/a", base64: 5 }])],
  ["writes that are no list", { ...entryOf(), writes: 5 }],
  ["events that are no list", { ...entryOf(), events: 5 }],
  ["an event of nothing", { ...entryOf(), events: [null] }],
  ["an event without a topic", { ...entryOf(), events: [{ data: 1 }] }],
  ["an event of the relay's own topics", { ...entryOf(), events: [{ topic: "$inbox", data: 1 }] }],
  ["an event without data", { ...entryOf(), events: [{ topic: "chat" }] }],
  [
    "more events than have numbers",
    { ...entryOf(), events: Array.from({ length: 1_001 }, () => ({ topic: "a", data: 1 })) },
  ],
  ["no end", { ...entryOf(), end: null }],
  ["tasks that are a list", checkpoint([])],
  ["tasks without a salt", checkpoint({ tables: [] })],
  ["a table of tasks that is nothing", checkpoint({ salt: "", tables: [null] })],
  ["a table from before the beginning", table({ from: -5 })],
  ["a table until no time", table({ until: "tomorrow" })],
  ["a table that would be searched for ever", table({ slots: Buffer.alloc(64 * 6, 1).toString("base64") })],
  [
    "a table that is fuller than any",
    table({
      slots: Buffer.alloc(64 * 6)
        .fill(1, 0, 46 * 6)
        .toString("base64"),
    }),
  ],
  ["a table of no slots", table({ slots: "" })],
  ["a table of 65 slots", table({ slots: Buffer.alloc(65 * 6).toString("base64") })],
  ["a table of too many slots", table({ slots: Buffer.alloc(2 ** 17 * 6).toString("base64") })],
  ["a seal of nothing", { segment: null }],
  ["denials of nobody", { denials: [null], since: "" }],
  ["nothing", { nothing: 1 }],
];

describe("a forged log", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let dbPath: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    dbPath = join(folder.path, "circles");
    await mkdir(join(dbPath, circle, "logs"), { recursive: true });
    await writeFile(join(folder.path, "outside.txt"), "the operator's");
  });
  afterEach(() => folder.remove());
  const put = (number: number, bytes: Buffer) => writeFile(join(dbPath, circle, "logs", segmentName(number)), bytes);
  const everything = async () => (await readdir(folder.path, { recursive: true })).toSorted();

  it.each(FORGED)("[NS3] with %s is not opened, changes no file, and is told by verify", async (_, record) => {
    await put(1, forgeSegment(circle, [entryOf(), record]).bytes);
    const before = await everything();
    await expect(Namespace.open({ dbPath, circle })).rejects.toThrow(LogDamaged);
    expect(await everything()).toEqual(before);
    expect(await readFile(join(folder.path, "outside.txt"), "utf8")).toBe("the operator's");
    const report = await verifyLog({ folder: join(dbPath, circle, "logs"), circle });
    expect(report?.damage).toMatchObject({ seq: 2 });
  });

  it.each([
    ...FORGED,
    [
      "names that clash",
      play([
        { path: "data/a.json", json: 1 },
        { path: "data/A.json", json: 1 },
      ]),
    ],
  ] as const)("[CL8] with %s is not imported and leaves nothing", async (_, record) => {
    const from = join(folder.path, "forged.circle");
    await writeExport(from, bob.publicKey, [[1, forgeSegment(bob.publicKey, [entryOf(), record]).bytes]]);
    const before = await everything();
    await expect(importCircle({ dbPath, from })).rejects.toThrow();
    expect(await everything()).toEqual(before);
    await writeExport(from, bob.publicKey, [[1, forgeSegment(bob.publicKey, [entryOf()]).bytes]]);
    expect(await importCircle({ dbPath, from })).toMatchObject({ head: { seq: 1 } });
  });

  it("[CL7] that begins later, without a checkpoint, is what no relay can open", async () => {
    const one = forgeSegment(circle, [entryOf()]);
    const previous = { number: 1, bytes: one.bytes.length, ...one.head };
    const seal = { segment: { number: 2, circle, previous } };
    await put(2, forgeSegment(circle, [seal, entryOf({ id: "t2" })], one.head).bytes);
    await expect(Namespace.open({ dbPath, circle })).rejects.toThrow(LogDamaged);
    const report = await verifyLog({ folder: join(dbPath, circle, "logs"), circle });
    expect(report?.damage).toMatchObject({ seq: 2, why: "what was before is gone, and no checkpoint has it" });
    expect(one.head).not.toEqual(genesis(circle));
  });
});
