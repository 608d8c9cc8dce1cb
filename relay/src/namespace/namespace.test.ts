import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TaskId } from "@circles/sdk/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { after, commit, type Documents, documentsOf, writesOf } from "../../test/circle-states.ts";
import { entryOf } from "../../test/entries.ts";
import { alice, bob } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { realDisk } from "./disk.ts";
import { NameRefused } from "./names.ts";
import { Namespace, type NamespaceOptions } from "./namespace.ts";

const circle = alice.publicKey;

describe("Namespace", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let namespace: Namespace;
  const repaired: string[][] = [];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    namespace = await open();
    repaired.length = 0;
  });
  afterEach(async () => {
    await namespace.close();
    await folder.remove();
  });

  const open = (options: Partial<NamespaceOptions> = {}) =>
    Namespace.open({ dbPath: folder.path, circle, onRepaired: (names) => repaired.push(names.toSorted()), ...options });
  const reopen = async (options?: Partial<NamespaceOptions>) => {
    await namespace.close();
    namespace = await open(options);
  };
  const path = (...names: string[]) => join(folder.path, circle, ...names);
  const read = (name: string) => readFile(path("data", `${name}.json`), "utf8");

  it("[NS6] is not on disk before its first commit, and then it is", async () => {
    expect(namespace.exists).toBe(false);
    expect(documentsOf(namespace)).toEqual({});
    expect(await namespace.recall(circle, "t1" as TaskId)).toBeUndefined();
    await reopen();
    expect(await readdir(folder.path)).toEqual([]);
    await commit(namespace, "t1");
    expect(namespace.exists).toBe(true);
    expect((await readdir(path())).toSorted()).toEqual(["config", "data", "inbox", "logs"]);
  });

  it("[NS8] has its documents in files when it was closed, one file each", async () => {
    await commit(namespace, "t1", { a: { n: 1 }, "notes/b": "text", ["__proto__"]: 1 });
    await commit(namespace, "t2", { a: [2], "notes/b": undefined });
    await namespace.close();
    expect((await readdir(path("data"))).toSorted()).toEqual(["__proto__.json", "a.json"]);
    expect([await read("a"), await read("__proto__")]).toEqual(["[2]\n", "1\n"]);
  });

  it("[NS7] shows what was committed at once, and to a play that began before not at all", async () => {
    const before = namespace.snapshot();
    await commit(namespace, "t1", { a: 1, b: 1 });
    expect(documentsOf(namespace)).toEqual({ a: 1, b: 1 });
    await commit(namespace, "t2", { a: 2, b: undefined });
    expect(documentsOf(namespace)).toEqual({ a: 2 });
    expect(before.pending.size).toBe(0);
  });

  it("[NS8] is the same after any plays, however often it is opened anew, and nothing needs repair", async () => {
    const anyName = fc.constantFrom("a", "A", "a.json/b", "a.json/c/d", "x/y", "x", "ß", "SS");
    const anyValue = fc.constantFrom(0, "x", null, [1], { n: 1 }, undefined, undefined);
    const anyChanges = fc.dictionary(anyName, anyValue, { maxKeys: 4 });
    const anySteps = fc.array(fc.oneof({ weight: 4, arbitrary: anyChanges }, fc.constant("reopen" as const)));
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        await rm(path(), { recursive: true, force: true });
        await reopen();
        let truth: Documents = {};
        for (const [i, step] of steps.entries()) {
          if (step === "reopen") await reopen();
          else {
            try {
              await commit(namespace, `t${i}`, step);
              truth = after(truth, step);
            } catch (error) {
              expect(error).toBeInstanceOf(NameRefused);
            }
          }
          expect(documentsOf(namespace)).toEqual(truth);
        }
        await reopen();
        expect(documentsOf(namespace)).toEqual(truth);
        expect(repaired).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("[NS4] lets a document take the place of another's folder in one play, in whatever order it wrote", async () => {
    await commit(namespace, "t1", { a: 1 });
    await commit(namespace, "t2", { "a.json/b": 2, a: undefined });
    await reopen();
    expect(documentsOf(namespace)).toEqual({ "a.json/b": 2 });
    await commit(namespace, "t3", { a: 3, "a.json/b": undefined });
    await reopen();
    expect([documentsOf(namespace), repaired]).toEqual([{ a: 3 }, []]);
  });

  it.each<[string, Documents, Documents]>([
    ["case", { note: 1 }, { Note: 1 }],
    ["a folder's place", { "a.json/b": 1 }, { a: 1 }],
    ["case within one play", {}, { note: 1, Note: 1 }],
    ["a folder's place within one play", {}, { a: 1, "a.json/b": 1 }],
    ["case, while another goes", { note: 1, other: 1 }, { other: undefined, Note: 1 }],
    ["what is no name", {}, { "../x": 1 }],
  ])(
    "[NS4] refuses names that clash in %s, and takes them when what they clash with is gone",
    async (_, first, second) => {
      await commit(namespace, "t1", first);
      for (const round of [1, 2]) {
        expect(() => namespace.takeWrites(writesOf(second)), `round ${round}`).toThrow(NameRefused);
        await reopen();
      }
      expect(namespace.failed).toBe(false);
      expect(documentsOf(namespace)).toEqual(first);
      const [name = "", value] = Object.entries(second).at(-1) ?? [];
      if (name.startsWith("..")) return;
      const gone = Object.fromEntries(Object.keys(first).map((name) => [name, undefined]));
      await commit(namespace, "t2", { ...gone, [name]: value });
      expect(documentsOf(namespace)).toEqual({ [name]: value });
    },
  );

  it("[LG8] knows its tasks, their ends and heads, and so does who opens it anew", async () => {
    const heads = [await commit(namespace, "t1", { a: 1 }), await commit(namespace, "t2")];
    await namespace.commit(entryOf({ id: "late", until: 1 }));
    await namespace.commit(entryOf({ id: "t1", caller: bob.publicKey, output: "bob's" }));
    for (const round of [1, 2]) {
      for (const [i, head] of heads.entries()) {
        const known = await namespace.recall(circle, `t${i + 1}` as TaskId);
        expect(known?.head, `round ${round}`).toEqual(head);
        expect(known?.record).toMatchObject({ task: `t${i + 1}`, end: entryOf().end });
      }
      expect((await namespace.recall(bob.publicKey, "t1" as TaskId))?.record.end).toMatchObject({ output: "bob's" });
      expect(await namespace.recall(bob.publicKey, "t2" as TaskId)).toBeUndefined();
      expect(await namespace.recall(circle, "late" as TaskId)).toBeUndefined();
      await reopen();
    }
  });

  it("[LG3] takes commits that come at once, the first of a circle among them, in their order", async () => {
    const heads = await Promise.all(Array.from({ length: 20 }, (_, i) => commit(namespace, `t${i}`, { n: i })));
    expect(heads.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    await reopen();
    expect(documentsOf(namespace)).toEqual({ n: 19 });
  });

  it("[NS10] takes no commit after one that failed; opened anew, it is as before that one", async () => {
    let isBroken = false;
    const sync = async (file: number) => (isBroken ? Promise.reject(new Error("EIO")) : realDisk.sync(file));
    await reopen({ disk: { ...realDisk, sync } });
    await commit(namespace, "t1", { a: 1 });
    isBroken = true;
    const together = await Promise.allSettled([commit(namespace, "t2", { a: 2 }), commit(namespace, "t3", { b: 3 })]);
    expect(together.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(namespace.failed).toBe(true);
    isBroken = false;
    await expect(commit(namespace, "t4")).rejects.toThrow(/closed after a failure/);
    await reopen();
    expect([documentsOf(namespace), repaired]).toEqual([{ a: 1 }, []]);
    expect(await namespace.recall(circle, "t2" as TaskId)).toBeUndefined();
    await commit(namespace, "t2", { a: 2 });
    expect(documentsOf(namespace)).toEqual({ a: 2 });
  });

  it("[NS10] a commit whose file cannot be written has happened; the next waits for the circle to be opened anew", async () => {
    await commit(namespace, "t1", { "notes/a": 1 });
    await namespace.close();
    namespace = await open();
    await rename(path("data", "notes"), path("moved"));
    await symlink(path("moved"), path("data", "notes"));
    await commit(namespace, "t2", { "notes/a": 2, b: 2 });
    await expect.poll(() => namespace.failed).toBe(true);
    await expect(commit(namespace, "t3")).rejects.toThrow(/closed after a failure/);
    expect(JSON.parse(await readFile(path("moved", "a.json"), "utf8"))).toBe(1); // nothing was written through the link
    await reopen();
    expect(documentsOf(namespace)).toEqual({ "notes/a": 2, b: 2 });
    expect(await namespace.recall(circle, "t2" as TaskId)).toBeDefined();
    expect(repaired.flat()).toContain("data/notes/a.json");
  });

  it("[NS10] closing waits for what was committed to be in the files", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`d${i}`, i]));
    await commit(namespace, "t1", many);
    await namespace.close();
    expect(await readdir(path("data"))).toHaveLength(200);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["its folder", () => rename(path(), `${path()}.moved`).then(() => symlink(`${path()}.moved`, path()))],
    ["its data", () => rename(path("data"), path("moved")).then(() => symlink(path("moved"), path("data")))],
    ["its logs", () => rename(path("logs"), path("moved")).then(() => symlink(path("moved"), path("logs")))],
    [
      "another circle's data",
      async () => {
        await mkdir(join(folder.path, bob.publicKey, "data"), { recursive: true });
        await writeFile(join(folder.path, bob.publicKey, "data", "secret.json"), "1");
        await rm(path("data"), { recursive: true });
        await symlink(join(folder.path, bob.publicKey, "data"), path("data"));
      },
    ],
  ])("[NS5] is not opened where %s is a link, and nothing is moved", async (_, put) => {
    await commit(namespace, "t1", { a: 1 });
    await namespace.close();
    await put();
    await expect(open()).rejects.toThrow(NameRefused);
    expect((await readdir(folder.path, { recursive: true })).join()).not.toContain("strays");
  });
});
