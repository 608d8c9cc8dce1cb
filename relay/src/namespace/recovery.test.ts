import { appendFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TaskId } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { after, commit, type Documents, documentsOf, mixStates } from "../../test/circle-states.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { CircleFiles } from "./circle-files.ts";
import { pathOf } from "./names.ts";
import { Namespace } from "./namespace.ts";
import { LogDamaged } from "./read-log.ts";

const circle = alice.publicKey;

/** Plays that set, change and delete, and put documents where folders were and the other way round. */
const HISTORY: readonly Documents[] = [
  { a: 1, "notes/x": 1, b: 1 },
  { a: 2, "notes/x": undefined },
  {},
  { a: undefined, "a.json/deep/er": 4, notes: 4 },
  { "notes/y": 5, b: "ß🎂" },
  { "a.json/deep/er": undefined, a: 6, b: undefined },
];
/** What there is after so many of them. */
const DOCUMENTS: readonly Documents[] = [{}, ...HISTORY.map((_, i) => HISTORY.slice(0, i + 1).reduce(after, {}))];

describe("a circle after a crash", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let namespace: Namespace | undefined;
  let repaired: string[];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    repaired = [];
  });
  afterEach(async () => {
    await namespace?.close();
    await folder.remove();
  });

  const inState = (state: number) => join(folder.path, `state-${state}`);
  const inCircle = (...names: string[]) => join(folder.path, circle, ...names);
  const log = () => inCircle("logs", "plays-000001.jsonl");
  const open = async () => {
    namespace = await Namespace.open({
      dbPath: folder.path,
      circle,
      onRepaired: (names) => repaired.push(...names.toSorted()),
    });
    return namespace;
  };
  /** Plays the history and keeps a copy of the whole circle after each play. */
  const play = async () => {
    for (const [i, changes] of HISTORY.entries()) {
      const opened = await open();
      await commit(opened, `t${i}`, changes);
      await opened.close();
      await cp(inCircle(), inState(i + 1), { recursive: true });
    }
    namespace = undefined;
    await rm(inCircle(), { recursive: true });
    expect(repaired).toEqual([]);
  };
  /** Opens what a crash left, and sees that it is as it was after so many plays, and goes on from there. */
  const expectState = async (plays: number) => {
    const opened = await open();
    expect(documentsOf(opened)).toEqual(DOCUMENTS[plays]);
    expect(await readdir(inCircle())).not.toContain("strays");
    for (const [i] of HISTORY.entries()) {
      const known = await opened.recall(circle, `t${i}` as TaskId);
      expect(known?.record.seq, `t${i}`).toBe(i < plays ? i + 1 : undefined);
    }
    expect((await commit(opened, "next", { next: 1 })).seq).toBe(plays + 1);
    await opened.close();
    repaired = [];
    expect(documentsOf(await open())).toEqual({ ...DOCUMENTS[plays], next: 1 });
    expect(repaired).toEqual([]);
    await namespace?.close();
    await rm(inCircle(), { recursive: true });
  };

  it("[NS8] has the documents of its log, whichever play its files stopped at", async () => {
    await play();
    for (let plays = 1; plays <= HISTORY.length; plays++) {
      for (let behind = 1; behind <= plays; behind++) {
        await mixStates(inCircle(), { data: inState(behind), logs: inState(plays) });
        await expectState(plays);
      }
      await mkdir(inState(0).concat("/data"), { recursive: true });
      await mixStates(inCircle(), { data: inState(0), logs: inState(plays) });
      await expectState(plays);
    }
  });

  it("[NS8] has the documents of its log, however many of a play's files were written", async () => {
    await play();
    for (let plays = 1; plays <= HISTORY.length; plays++) {
      const all = Object.entries(HISTORY[plays - 1] ?? {});
      const isDeletion = ([, value]: [string, unknown]) => value === undefined;
      const changes = [...all.filter(isDeletion), ...all.filter((change) => !isDeletion(change))];
      for (let written = 0; written <= changes.length; written++) {
        await mixStates(inCircle(), { data: inState(Math.max(1, plays - 1)), logs: inState(plays) });
        const files = new CircleFiles(inCircle());
        for (const [name, value] of changes.slice(0, written)) {
          await files.write(pathOf("document", name), value === undefined ? null : { json: JSON.stringify(value) });
        }
        await writeFile(inCircle("logs", "aside-1.tmp"), '{"hal');
        await expectState(plays);
      }
    }
  });

  it("[LG5] has lost the record that was being written, and nothing of it is in the files", async () => {
    await play();
    for (let plays = 1; plays < HISTORY.length; plays++) {
      const next = await readFile(join(inState(plays + 1), "logs", "plays-000001.jsonl"));
      const { length } = await readFile(join(inState(plays), "logs", "plays-000001.jsonl"));
      for (const torn of [1, 30, 200, next.length - length - 1]) {
        await mixStates(inCircle(), { data: inState(plays), logs: inState(plays) });
        await appendFile(log(), next.subarray(length, length + torn));
        await expectState(plays);
      }
    }
  });

  it("[NS6] before its first record has nothing, and can be made", async () => {
    for (const made of [[], ["data"], ["data", "config", "logs"]]) {
      for (const name of ["", ...made]) await mkdir(inCircle(name), { recursive: true });
      if (made.includes("logs")) await writeFile(log(), "");
      await expectState(0);
    }
  });

  describe("[NS8] finds out when it is opened that somebody", () => {
    const before: Documents = { a: 1, "notes/x": 2, "notes/y": 3 };
    beforeEach(async () => {
      await commit(await open(), "t1", before);
      await namespace?.close();
    });
    const outside = () => join(folder.path, "outside");

    it.each<[string, string[], () => Promise<unknown>]>([
      ["changed a document", ["data/a.json"], () => writeFile(inCircle("data/a.json"), "2\n")],
      ["reformatted a document", ["data/a.json"], () => writeFile(inCircle("data/a.json"), "1")],
      ["deleted a document", ["data/a.json"], () => rm(inCircle("data/a.json"))],
      [
        "deleted a folder",
        ["data/notes/x.json", "data/notes/y.json"],
        () => rm(inCircle("data/notes"), { recursive: true }),
      ],
      [
        "deleted all data",
        ["data/a.json", "data/notes/x.json", "data/notes/y.json"],
        () => rm(inCircle("data"), { recursive: true }),
      ],
      ["added a document", ["data/b.json"], () => writeFile(inCircle("data/b.json"), "1\n")],
      ["added one that differs in case", ["data/A.json"], () => writeFile(inCircle("data/A.json"), "1\n")],
      [
        "put a link in a document's place",
        ["data/a.json"],
        () => rm(inCircle("data/a.json")).then(() => symlink(outside(), inCircle("data/a.json"))),
      ],
      [
        "put a folder in a document's place",
        ["data/a.json", "data/a.json/z.json"],
        () =>
          rm(inCircle("data/a.json"))
            .then(() => mkdir(inCircle("data/a.json")))
            .then(() => writeFile(inCircle("data/a.json/z.json"), "1")),
      ],
      [
        "put a file in a folder's place",
        ["data/notes", "data/notes/x.json", "data/notes/y.json"],
        () => rm(inCircle("data/notes"), { recursive: true }).then(() => writeFile(inCircle("data/notes"), "kept")),
      ],
      [
        "put a link in a folder's place",
        ["data/notes/x.json", "data/notes/y.json"],
        () =>
          rm(inCircle("data/notes"), { recursive: true })
            .then(() => mkdir(outside()))
            .then(() => writeFile(join(outside(), "x.json"), "2\n"))
            .then(() => symlink(outside(), inCircle("data/notes"))),
      ],
    ])("%s, reports %j and puts it right", async (_, names, change) => {
      await change();
      expect(documentsOf(await open())).toEqual(before);
      expect(repaired.toSorted()).toEqual(names);
      await namespace?.close();
      repaired = [];
      expect(documentsOf(await open())).toEqual(before);
      expect(repaired).toEqual([]);
      expect(await readdir(outside()).catch(() => ["x.json"])).toEqual(["x.json"]);
    });

    it("removed its log, and then changes nothing", async () => {
      await rm(inCircle("logs"), { recursive: true });
      const files = await readdir(folder.path, { recursive: true });
      await expect(open()).rejects.toThrow("log: expected one, for data/a.json is there, got none");
      expect((await readdir(folder.path, { recursive: true })).toSorted()).toEqual(files.toSorted());
    });

    it("changed its log, and then changes nothing", async () => {
      await commit(await open(), "t2", { a: 2 });
      await namespace?.close();
      namespace = undefined;
      const bytes = await readFile(log());
      await writeFile(log(), bytes.fill("x", 50, 51));
      await rm(inCircle("data/a.json"));
      await expect(open()).rejects.toThrow(LogDamaged);
      expect(await readFile(log())).toEqual(bytes);
      expect((await readdir(inCircle("data"))).toSorted()).toEqual(["notes"]);
    });
  });
});
