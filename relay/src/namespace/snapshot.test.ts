import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { NameRefused } from "./names.ts";
import { DocumentSnapshot } from "./snapshot.ts";

describe("DocumentSnapshot", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let root: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    root = join(folder.path, "data");
    await mkdir(join(root, "notes"), { recursive: true });
    for (const path of ["b.json", "notes/a.json", "notes/é.json", "no-document.txt", "con.json"]) {
      await writeFile(join(root, path), `"${path}"\n`);
    }
  });
  afterEach(() => folder.remove());

  const snapshot = (pending: Record<string, string | null> = {}) =>
    new DocumentSnapshot({ root, pending: new Map(Object.entries(pending)) });

  it("[NS7] lists and reads what is in the files with what is committed on top", () => {
    const seen = snapshot({ b: null, "notes/a": "2", new: "3", gone: null });
    expect(seen.list("")).toEqual(["new", "notes/a", "notes/é"]);
    expect(["b", "notes/a", "notes/é", "new", "gone", "none"].map((name) => seen.read(name))).toEqual([
      undefined,
      "2",
      '"notes/é.json"\n',
      "3",
      undefined,
      undefined,
    ]);
  });

  it.each([
    ["", ["b", "notes/a", "notes/é"]],
    ["notes", ["notes/a", "notes/é"]],
    ["notes/", ["notes/a", "notes/é"]],
    ["notes/a", ["notes/a"]],
    ["Notes", []],
    ["../", []],
    ["/", []],
  ])("[SB4] lists the names that begin with %j", (prefix, names) => {
    expect(snapshot().list(prefix)).toEqual(names);
    expect(snapshot({ z: "1", "notes/a": "2" }).list(prefix)).toEqual(prefix === "" ? [...names, "z"] : names);
  });

  it.each(["../data/b", "/b", "con", "notes/../b", ""])("[NS2] refuses %j", (name) => {
    expect(() => snapshot().read(name)).toThrow(NameRefused);
    expect(() => snapshot().checkName(name)).toThrow(NameRefused);
  });

  it("[NS5] neither lists nor reads through links", async () => {
    await symlink(join(root, "notes"), join(root, "link"));
    await symlink(join(root, "b.json"), join(root, "c.json"));
    expect(snapshot().list("")).toEqual(["b", "notes/a", "notes/é"]);
    expect(() => snapshot().read("link/a")).toThrow(NameRefused);
    expect(() => snapshot().read("c")).toThrow(NameRefused);
    const linked = new DocumentSnapshot({ root: join(root, "link"), pending: new Map() });
    expect(() => linked.list("")).toThrow(NameRefused);
    expect(() => linked.read("a")).toThrow(NameRefused);
  });

  it("[NS6] is empty where there is no folder", () => {
    const none = new DocumentSnapshot({ root: join(root, "none"), pending: new Map([["a", "1"]]) });
    expect([none.list(""), none.read("a"), none.read("b")]).toEqual([["a"], "1", undefined]);
  });
});
