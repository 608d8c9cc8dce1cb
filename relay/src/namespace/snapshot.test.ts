import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { NameRefused, pathOf } from "./names.ts";
import type { Content } from "./record.ts";
import { FileSnapshot, type NameQuery } from "./snapshot.ts";

const asked: NameQuery[] = [];

describe("FileSnapshot", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let root: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    root = folder.path;
    await mkdir(join(root, "data/notes"), { recursive: true });
    for (const path of ["b.json", "notes/a.json", "notes/é.json", "text.txt"]) {
      await writeFile(join(root, "data", path), `"${path}"\n`);
    }
    await writeFile(join(root, "data/bytes"), Buffer.from([0, 255]));
  });
  afterEach(() => folder.remove());

  const snapshot = (pending: Record<string, Content | null> = {}) =>
    new FileSnapshot({ root, pending: new Map(Object.entries(pending)) }, (query) => {
      asked.push(query);
      return ["known"];
    });
  const read = (seen: FileSnapshot, name: string) => seen.readText(pathOf("document", name));

  it("[NS7] reads what is in the files with what is committed on top", () => {
    const seen = snapshot({
      "data/b.json": null,
      "data/notes/a.json": { json: "2" },
      "data/new": { base64: "/w==" },
      "data/gone.json": null,
    });
    expect(["b", "notes/a", "notes/é", "gone", "none"].map((name) => read(seen, name))).toEqual([
      undefined,
      "2",
      '"notes/é.json"\n',
      undefined,
      undefined,
    ]);
    expect([seen.readText("data/text.txt"), seen.readBase64("data/bytes"), seen.readBase64("data/new")]).toEqual([
      '"text.txt"\n',
      "AP8=",
      "/w==",
    ]);
    expect(seen.readBase64("data/notes/a.json")).toBe("Mg==");
  });

  it("[SB4] bytes that are no text are not read as one", () => {
    expect(() => snapshot().readText("data/bytes")).toThrow(NameRefused);
    expect(() => snapshot({ "data/new": { base64: "/w==" } }).readText("data/new")).toThrow(NameRefused);
  });

  it("[NS12] asks whoever knows the circle's names for them", () => {
    const query: NameQuery = { kind: "file", prefix: "n", limit: 1 };
    expect(snapshot().list(query)).toEqual(["known"]);
    expect(asked.at(-1)).toBe(query);
  });

  it("[NS5] reads through no link", async () => {
    await symlink(join(root, "data/notes"), join(root, "data/link"));
    await symlink(join(root, "data/b.json"), join(root, "data/c.json"));
    expect(() => read(snapshot(), "link/a")).toThrow(NameRefused);
    expect(() => read(snapshot(), "c")).toThrow(NameRefused);
    await symlink(root, join(root, "circle"));
    const linked = new FileSnapshot({ root: join(root, "circle"), pending: new Map() }, () => []);
    expect(() => read(linked, "b")).toThrow(NameRefused);
  });

  it("[NS6] is empty where there is no folder", () => {
    const source = { root: join(root, "none"), pending: new Map([["data/a.json", { json: "1" }]]) };
    const none = new FileSnapshot(source, () => []);
    expect([read(none, "a"), read(none, "b")]).toEqual(["1", undefined]);
  });
});
