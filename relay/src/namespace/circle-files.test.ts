import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { DocumentFiles } from "./document-files.ts";
import { NameRefused } from "./names.ts";

describe("DocumentFiles", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let files: DocumentFiles;
  let outside: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    outside = join(folder.path, "bob");
    for (const name of ["alice/logs", "alice/data", "bob"]) await mkdir(join(folder.path, name), { recursive: true });
    await writeFile(join(outside, "x.json"), "bob's");
    files = new DocumentFiles(join(folder.path, "alice"));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await folder.remove();
  });

  const inData = (path: string) => join(folder.path, "alice", "data", path);
  const read = (path: string) => readFile(inData(path), "utf8");
  const everything = async (below = "alice") =>
    (await readdir(join(folder.path, below), { recursive: true, withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.path.length + below.length + 2))
      .toSorted();

  it("[NS3] writes a document into its file, and over it, and nothing else", async () => {
    await files.write("notes/a", '{"n":1}');
    await files.write("notes/a", '{"n":2}');
    await files.write("b", "null");
    expect(await read("notes/a.json")).toBe('{"n":2}\n');
    expect(await everything()).toEqual(["data/b.json", "data/notes/a.json"]);
    expect([files.holds("notes/a", '{"n":2}'), files.holds("notes/a", '{"n":1}'), files.holds("c", "1")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("[NS8] deletes a document with the folders that it leaves empty, and one that is not there", async () => {
    await files.write("a/b/c", "1");
    await files.write("a/d", "1");
    for (const name of ["a/b/c", "a/b/c", "none", "none/none", "a/d/e"]) await files.write(name, null);
    expect(await readdir(inData("a"))).toEqual(["d.json"]);
    await files.write("a/d", null);
    expect(await readdir(inData("."))).toEqual([]);
  });

  it("[NS8] a reader sees the old document or the new, and never a part", async () => {
    const [old, young] = ["1".repeat(500_000), "2".repeat(500_000)];
    await files.write("a", old);
    const writing = (async () => {
      for (let i = 0; i < 20; i++) await files.write("a", i % 2 === 0 ? young : old);
    })();
    for (let seen = await read("a.json"); ; ) {
      expect([`${old}\n`, `${young}\n`]).toContain(seen);
      const next = await Promise.race([writing, read("a.json")]);
      if (next === undefined) break;
      seen = next;
    }
  });

  it("[NS8] removes what a killed process was writing, and no more", async () => {
    for (const name of ["aside-1.tmp", "aside-77.tmp", "plays-000001.jsonl", "aside.tmp"]) {
      await writeFile(join(folder.path, "alice", "logs", name), "");
    }
    await files.clean();
    expect(await everything()).toEqual(["logs/aside.tmp", "logs/plays-000001.jsonl"]);
  });

  it("[NS5] writes and deletes through no link", async () => {
    await symlink(outside, inData("link"));
    await symlink(join(outside, "x.json"), inData("x.json"));
    await symlink(join(outside, "y"), join(folder.path, "alice", "logs", "aside-2.tmp"));
    await expect(files.write("link/x", "1")).rejects.toThrow(NameRefused);
    await expect(files.write("link/x", null)).rejects.toThrow(NameRefused);
    expect(files.holds("link/x", "1")).toBe(false);
    await files.write("x", "1"); // takes the link's place
    await expect(files.write("y", "1")).rejects.toMatchObject({ code: "EEXIST" });
    await symlink(join(outside, "x.json"), inData("z.json"));
    await files.write("z", null);
    expect([await read("x.json"), await readFile(join(outside, "x.json"), "utf8")]).toEqual(["1\n", "bob's"]);
    expect(await everything("bob")).toEqual(["x.json"]);
  });

  it("[NS8] moves away what is in a document's place, and keeps it", async () => {
    await mkdir(inData("a.json/x"), { recursive: true });
    await writeFile(inData("a.json/x/kept.txt"), "kept");
    await writeFile(inData("b"), "kept");
    await symlink(outside, inData("c"));
    for (const name of ["a", "b/d", "c/e"]) await files.restore(name, "1");
    expect([await read("a.json"), await read("b/d.json"), await read("c/e.json")]).toEqual(["1\n", "1\n", "1\n"]);
    const strays = await everything("alice/strays");
    expect(strays.map((path) => path.replace(/^[^/]*/, ""))).toEqual(["/a.json/x/kept.txt", "/b", "/c"]);
    expect(await everything("bob")).toEqual(["x.json"]);
  });

  it("[NS8] moves away in one moment what was in one place after the other", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
    await mkdir(inData("a.json"));
    await writeFile(inData("a.json/stray.json"), "1");
    await writeFile(inData("a.json/kept.txt"), "kept");
    await files.removeOthers(new Set(["a.json"]), new Set());
    await files.restore("a", "1");
    expect(await everything("alice/strays")).toEqual([
      "1970-01-01T00-00-00.000Z-1/a.json/stray.json",
      "1970-01-01T00-00-00.000Z-2/a.json/kept.txt",
    ]);
  });

  it("[NS8] clears away documents that are none, what was deleted for good, and leaves all other files", async () => {
    for (const path of ["kept.json", "old.json", "new/stray.json", "notes.txt", "CON.json"]) {
      await mkdir(inData("new"), { recursive: true });
      await writeFile(inData(path), "x");
    }
    const removed = await files.removeOthers(new Set(["kept.json"]), new Set(["old"]));
    expect(removed.toSorted()).toEqual(["new/stray", "old"]);
    expect(await everything("alice/data")).toEqual(["CON.json", "kept.json", "notes.txt"]);
    expect((await everything("alice/strays"))[0]).toMatch(/\/new\/stray\.json$/);
  });
});
