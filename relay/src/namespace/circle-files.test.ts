import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { CircleFiles } from "./circle-files.ts";
import { NameRefused, pathOf } from "./names.ts";

describe("CircleFiles", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let files: CircleFiles;
  let outside: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    outside = join(folder.path, "bob");
    for (const name of ["alice/logs", "alice/data", "bob"]) await mkdir(join(folder.path, name), { recursive: true });
    await writeFile(join(outside, "x.json"), "bob's");
    files = new CircleFiles(join(folder.path, "alice"));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await folder.remove();
  });

  const write = (name: string, json: string | null) =>
    files.write(pathOf("document", name), json === null ? null : { json });
  const restore = (name: string, json: string) => files.restore(pathOf("document", name), { json });
  const inData = (path: string) => join(folder.path, "alice", "data", path);
  const read = (path: string) => readFile(inData(path), "utf8");
  const everything = async (below = "alice") =>
    (await readdir(join(folder.path, below), { recursive: true, withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.path.length + below.length + 2))
      .toSorted();

  it("[NS3] writes a document into its file, and over it, and nothing else", async () => {
    await write("notes/a", '{"n":1}');
    await write("notes/a", '{"n":2}');
    await write("b", "null");
    expect(await read("notes/a.json")).toBe('{"n":2}\n');
    expect(await everything()).toEqual(["data/b.json", "data/notes/a.json"]);
    expect(files.read("data/notes/a.json")?.toString()).toBe('{"n":2}\n');
    expect(files.read("data/c.json")).toBeUndefined();
  });

  it("[NS3] writes texts and bytes as they are, beside documents, and the circle's own files in their folders", async () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    await files.write("data/a.txt", { text: "é\r\n" });
    await files.write("data/a", { base64: bytes.toString("base64") });
    await files.write("config/policy.json", { text: "{}" });
    expect([await read("a.txt"), await readFile(inData("a"))]).toEqual(["é\r\n", bytes]);
    expect(await everything()).toEqual(["config/policy.json", "data/a", "data/a.txt"]);
    for (const path of ["data/a.txt", "data/a", "config/policy.json"]) await files.write(path, null);
    expect(await everything()).toEqual([]);
  });

  it("[NS8] deletes a document with the folders that it leaves empty, and one that is not there", async () => {
    await write("a/b/c", "1");
    await write("a/d", "1");
    for (const name of ["a/b/c", "a/b/c", "none", "none/none", "a/d/e"]) await write(name, null);
    expect(await readdir(inData("a"))).toEqual(["d.json"]);
    await write("a/d", null);
    expect(await readdir(inData("."))).toEqual([]);
  });

  it("[NS8] a reader sees the old document or the new, and never a part", async () => {
    const [old, young] = ["1".repeat(500_000), "2".repeat(500_000)];
    await write("a", old);
    const writing = (async () => {
      for (let i = 0; i < 20; i++) await write("a", i % 2 === 0 ? young : old);
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
    await expect(write("link/x", "1")).rejects.toThrow(NameRefused);
    await expect(write("link/x", null)).rejects.toThrow(NameRefused);
    expect(files.read("data/link/x.json")).toBeUndefined();
    await write("x", "1"); // takes the link's place
    await expect(write("y", "1")).rejects.toMatchObject({ code: "EEXIST" });
    await symlink(join(outside, "x.json"), inData("z.json"));
    await write("z", null);
    expect([await read("x.json"), await readFile(join(outside, "x.json"), "utf8")]).toEqual(["1\n", "bob's"]);
    expect(await everything("bob")).toEqual(["x.json"]);
  });

  it("[NS8] moves away what is in a document's place, and keeps it", async () => {
    await mkdir(inData("a.json/x"), { recursive: true });
    await writeFile(inData("a.json/x/kept.txt"), "kept");
    await writeFile(inData("b"), "kept");
    await symlink(outside, inData("c"));
    for (const name of ["a", "b/d", "c/e"]) await restore(name, "1");
    expect([await read("a.json"), await read("b/d.json"), await read("c/e.json")]).toEqual(["1\n", "1\n", "1\n"]);
    const strays = await everything("alice/strays");
    expect(strays.map((path) => path.replace(/^[^/]*/, ""))).toEqual(["/data/a.json/x/kept.txt", "/data/b", "/data/c"]);
    expect(await everything("bob")).toEqual(["x.json"]);
  });

  it("[NS8] moves away in one moment what was in one place after the other", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
    await mkdir(inData("a.json"));
    await writeFile(inData("a.json/stray.json"), "1");
    await writeFile(inData("a.json/.kept"), "kept");
    await files.removeOthers(new Set(["data/a.json"]), new Set());
    await restore("a", "1");
    expect(await everything("alice/strays")).toEqual([
      "1970-01-01T00-00-00.000Z-1/data/a.json/stray.json",
      "1970-01-01T00-00-00.000Z-2/data/a.json/.kept",
    ]);
  });

  it("[NS8] clears away what the log does not know, what was deleted for good, and leaves what can be no file of a circle", async () => {
    for (const path of ["kept.json", "old.json", "new/stray.json", "notes.txt", "CON.json", ".DS_Store"]) {
      await mkdir(inData("new"), { recursive: true });
      await writeFile(inData(path), "x");
    }
    const removed = await files.removeOthers(new Set(["data/kept.json"]), new Set(["data/old.json"]));
    expect(removed.toSorted()).toEqual(["data/new/stray.json", "data/notes.txt", "data/old.json"]);
    expect(await everything("alice/data")).toEqual([".DS_Store", "CON.json", "kept.json"]);
    const strays = (await everything("alice/strays")).map((path) => path.replace(/^[^/]*/, ""));
    expect(strays).toEqual(["/data/new/stray.json", "/data/notes.txt"]);
  });
});
