import { execFileSync } from "node:child_process";
import { mkdir, open, readFile, rename, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryOf, sha256 } from "../../test/entries.ts";
import { alice, bob } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { CircleLog, type LogOptions } from "./log.ts";
import { LogDamaged, readSegment } from "./read-log.ts";
import { genesis, type Place, type PlayEntry, parseLine, type Record, type RecordOf } from "./record.ts";

const durable = { durable: true };
const taskOf = (record: Record) => (record as RecordOf<PlayEntry>).task as string;
const docOf = (id: string) => ({ path: "data/doc.json", content: { json: JSON.stringify(id) } });

describe("CircleLog", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let options: LogOptions;
  let path: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    options = { folder: folder.path, circle };
    path = join(folder.path, "plays-000001.jsonl");
  });
  afterEach(() => folder.remove());

  const circle = alice.publicKey;
  const read = async () => {
    const records: Record[] = [];
    const log = await CircleLog.open(options, (record) => records.push(record));
    await log?.close();
    return { tasks: records.map(taskOf), head: log?.head };
  };
  /** What opening a log would find, without its syncs. */
  const look = async (bytes: Buffer, file = join(folder.path, "looked-at.jsonl")) => {
    await writeFile(file, bytes);
    const handle = await open(file);
    const tasks: string[] = [];
    try {
      const segment = { number: 1, file: handle, size: bytes.length, sealed: false };
      const read = await readSegment(segment, genesis(circle), (record) => tasks.push(taskOf(record)));
      return { tasks, bytes: read.bytes };
    } finally {
      await handle.close();
    }
  };
  /** Makes a log of these tasks, a batch each, and answers where each batch ends. */
  const write = async (ids: string[], lasting = durable) => {
    const log = await CircleLog.create(options);
    const ends: number[] = [];
    for (const id of ids) {
      await log.append(entryOf({ id, writes: [docOf(id)] }), lasting);
      ends.push((await stat(path)).size);
    }
    await log.close();
    return ends;
  };

  it("[LG2] is lines of JSON, each with the hash of the line before, the first with that of the circle", async () => {
    await write(["t1", "t2", "t3"]);
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const records = lines.filter((line) => !line.startsWith('{"batch"'));
    let prev = sha256(`circles-log/1\n${circle}\n`);
    for (const [i, line] of records.entries()) {
      expect(JSON.parse(line)).toMatchObject({ writes: [{ path: "data/doc.json", json: `t${i + 1}` }] });
      const { seq, at, ...rest } = parseLine(line);
      expect(seq).toBe(i + 1);
      expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const id = `t${i + 1}`;
      expect(rest).toEqual({ prev, ...entryOf({ id, writes: [docOf(id)] }) });
      prev = sha256(line);
    }
    expect(records).toHaveLength(3);
    expect((await read()).head).toEqual({ seq: 3, hash: prev });
  });

  it("[LG2] of another circle begins with another hash, and is not opened", async () => {
    expect(genesis(alice.publicKey).hash).not.toBe(genesis(bob.publicKey).hash);
    await write(["t1"]);
    const opening = CircleLog.open({ ...options, circle: bob.publicKey }, () => {});
    await expect(opening).rejects.toThrow(/expected record 1 /);
  });

  it("[LG2] answers each append with the head and place of its record, those of one batch too", async () => {
    const log = await CircleLog.create(options);
    const ids = ["t1", "t2", "ä🎂", "t4"];
    const alone = await log.append(entryOf({ id: "first" }), durable);
    const appended = await Promise.all(ids.map((id) => log.append(entryOf({ id, output: "ß".repeat(9) }), durable)));
    for (const [i, { head, place }] of [alone, ...appended].entries()) {
      const found = await log.read(place);
      expect(found.head).toEqual(head);
      expect(found.record).toMatchObject({ seq: i + 1, task: ["first", ...ids][i] });
    }
    expect(log.head).toEqual(appended.at(-1)?.head);
    await log.close();
    expect(await read()).toMatchObject({ tasks: ["first", ...ids], head: log.head });
    expect((await readFile(path, "utf8")).match(/^\{"batch"/gm)).toHaveLength(2);
  });

  it("[LG2] goes on where it was when it is opened again", async () => {
    await write(["t1", "t2"]);
    const log = await CircleLog.open(options, () => {});
    await log?.append(entryOf({ id: "t3" }), durable);
    await log?.close();
    expect((await read()).tasks).toEqual(["t1", "t2", "t3"]);
  });

  it("[LG2] is read across the borders of what is read at once, records larger than that too", async () => {
    const log = await CircleLog.create(options);
    const sizes = [
      10,
      2 ** 20 - 700,
      500,
      3 * 2 ** 20,
      2 ** 20,
      1,
      ...Array.from({ length: 300 }, (_, i) => 9_000 + i),
    ];
    for (const [i, size] of sizes.entries()) {
      await log.append(entryOf({ id: `t${i}`, output: "é".repeat(size / 2) }), { durable: false });
    }
    const places: Place[] = [];
    const again = await CircleLog.open(options, (_, place) => places.push(place));
    expect(again?.head).toEqual(log.head);
    for (const [i, place] of places.entries()) {
      expect((await again?.read(place))?.record).toMatchObject({ task: `t${i}` });
    }
    expect(places).toHaveLength(sizes.length);
    await Promise.all([log.close(), again?.close()]);
  });

  it("[LG3] records how much of it was on the disk when each batch was written", async () => {
    const log = await CircleLog.create(options);
    const synced: number[] = [];
    for (const isDurable of [false, false, true, false, true]) {
      const { size } = await stat(path);
      await log.append(entryOf(), { durable: isDurable });
      const header = (await readFile(path)).toString("utf8", size).split("\n")[0] ?? "";
      synced.push((JSON.parse(header) as { synced: number }).synced);
    }
    const { size } = await stat(path);
    const lengths = (await readFile(path, "utf8")).split(/(?=^\{"batch")/m).map(({ length }) => length);
    const [a = 0, b = 0, c = 0] = lengths;
    expect(synced).toEqual([0, 0, 0, a + b + c, a + b + c]);
    await log.close();
    const again = await CircleLog.open(options, () => {});
    await again?.append(entryOf(), durable);
    expect((await readFile(path)).toString("utf8", size)).toContain(`"synced":${size},`);
    await again?.close();
  });

  it("[LG5] cut at every byte keeps exactly the batches before", async () => {
    const ends = [0, ...(await write(["t1", "t2", "t3"]))];
    const whole = await readFile(path);
    for (let length = 0; length <= whole.length; length++) {
      const kept = ends.filter((end) => end > 0 && end <= length).length;
      const found = await look(whole.subarray(0, length));
      expect(found).toEqual({ tasks: ["t1", "t2", "t3"].slice(0, kept), bytes: ends[kept] });
    }
  });

  it("[LG5] that was cut is cut off after its last whole batch, and goes on there", async () => {
    const [, end = 0] = await write(["t1", "t2", "t3"]);
    await truncate(path, end + 100);
    const log = await CircleLog.open(options, () => {});
    expect((await stat(path)).size).toBe(end);
    await log?.append(entryOf({ id: "t4" }), durable);
    await log?.close();
    expect((await read()).tasks).toEqual(["t1", "t2", "t4"]);
  });

  it("[LG5] with zeros from any byte of its last batch on keeps exactly the batches before", async () => {
    const [end = 0] = await write(["t1", "t2"]);
    const whole = await readFile(path);
    for (let from = end; from < whole.length; from++) {
      const torn = Buffer.concat([Buffer.from(whole).fill(0, from), Buffer.alloc(from % 5_000)]);
      expect(await look(torn)).toEqual({ tasks: ["t1"], bytes: end });
    }
  });

  it("[LG5] loses what was not synced in any order, and what follows it, but nothing that was", async () => {
    const [first = 0, second = 0] = await write(["t1", "t2", "t3", "t4"], { durable: false });
    const whole = await readFile(path);
    // The page with the second batch never reached the disk, those behind it did.
    await writeFile(path, Buffer.from(whole).fill(0, first, second));
    expect((await read()).tasks).toEqual(["t1"]);
    // A fifth, whose header says that all these were synced: then it is damage.
    await writeFile(path, whole);
    const log = await CircleLog.open(options, () => {});
    await log?.append(entryOf({ id: "t5" }), durable);
    await log?.close();
    await writeFile(path, (await readFile(path)).fill(0, first, second));
    await expect(read()).rejects.toThrow(/after record 1:/);
  });

  it("[LG5] finds the header that knows of damage as synced however far behind it is", async () => {
    const log = await CircleLog.create(options);
    await log.append(entryOf({ id: "t1" }), durable);
    for (let i = 0; i < 9; i++) await log.append(entryOf({ output: "x".repeat(250_000 + i) }), { durable: i === 7 });
    await log.close();
    await writeFile(path, (await readFile(path)).fill(0, 10, 20));
    await expect(read()).rejects.toThrow(LogDamaged);
    expect((await stat(path)).size).toBeGreaterThan(9 * 250_000); // nothing was cut off
  });

  it("[LG7] is not made where one is, and where none is opens as none", async () => {
    expect((await read()).head).toBeUndefined();
    await write(["t1"]);
    await expect(CircleLog.create(options)).rejects.toMatchObject({ code: "EEXIST" });
    expect((await read()).tasks).toEqual(["t1"]);
  });

  it("[LG7] does not append to what somebody else appended to", async () => {
    await write(["t1"]);
    const [one, other] = [await CircleLog.open(options, () => {}), await CircleLog.open(options, () => {})];
    await one?.append(entryOf({ id: "t2" }), durable);
    await expect(other?.append(entryOf({ id: "t3" }), durable)).rejects.toThrow(/somebody else/);
    await one?.append(entryOf({ id: "t4" }), durable);
    await Promise.all([one?.close(), other?.close()]);
    expect((await read()).tasks).toEqual(["t1", "t2", "t4"]);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      "a link to a log",
      () =>
        write(["t1"])
          .then(() => rename(path, `${path}.kept`))
          .then(() => symlink(`${path}.kept`, path)),
    ],
    ["a link to nothing", () => symlink("nothing", path)],
    ["a folder", () => mkdir(path)],
    ["a device", () => symlink("/dev/full", path)],
    ["a pipe", async () => execFileSync("mkfifo", [path])],
  ])("[NS5] %s in its place is not opened, and not replaced", async (_, put) => {
    await put();
    await expect(read()).rejects.toThrow(LogDamaged);
    await expect(CircleLog.create(options)).rejects.toMatchObject({ code: "EEXIST" });
  });
});
