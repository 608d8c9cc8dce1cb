import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { NameRefused } from "./names.ts";
import { checkFolder, existsBelow, makeFoldersBelow, obstacleBelow, readBelow } from "./no-follow.ts";

describe("below a folder", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let root: string;
  let outside: string;
  let socket: Server;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    socket = createServer();
    [root, outside] = [join(folder.path, "alice"), join(folder.path, "bob")];
    for (const circle of [root, outside]) await mkdir(join(circle, "notes"), { recursive: true });
    await writeFile(join(root, "notes", "a.json"), "alice's");
    await writeFile(join(outside, "notes", "secret.json"), "bob's");
  });
  afterEach(async () => {
    socket.close();
    await folder.remove();
  });

  const pipe = (path: string) => execFileSync("mkfifo", [path]);
  const linkTo = (target: string, path: string) => symlink(target, join(root, path));

  it("[NS5] a plain file is read, and where there is none, nothing", async () => {
    expect(readBelow(root, "notes/a.json")?.toString()).toBe("alice's");
    for (const path of ["b.json", "notes/b.json", "none/b.json", "notes/a.json/b.json", "notes"]) {
      expect(readBelow(root, path)).toBeUndefined();
    }
    expect(readBelow(join(root, "none"), "a.json")).toBeUndefined();
  });

  it.each<[string, string, () => unknown]>([
    ["a link to a file of another circle", "link.json", () => linkTo("../bob/notes/secret.json", "link.json")],
    ["an absolute link", "link.json", () => linkTo(join(outside, "notes/secret.json"), "link.json")],
    ["a link to a file of this circle", "link.json", () => linkTo("notes/a.json", "link.json")],
    ["a link to nothing", "link.json", () => linkTo("nothing", "link.json")],
    ["a link to itself", "link.json", () => linkTo("link.json", "link.json")],
    ["a link as a folder", "link/secret.json", () => linkTo("../bob/notes", "link")],
    ["a link as a folder in a folder", "notes/link/secret.json", () => linkTo("../../bob/notes", "notes/link")],
    ["a link as a folder, out and back in", "link/alice/notes/a.json", () => linkTo("..", "link")],
    ["a pipe", "pipe.json", () => pipe(join(root, "pipe.json"))],
    ["a pipe as a folder", "pipe/a.json", () => pipe(join(root, "pipe"))],
    ["a socket", "socket.json", () => once(socket.listen(join(root, "socket.json")), "listening")],
    [
      "a file that no play wrote, for its size",
      "huge.json",
      async () => {
        await writeFile(join(root, "huge.json"), "");
        await truncate(join(root, "huge.json"), 64 * 2 ** 20 + 1);
      },
    ],
  ])("[NS5] %s is not read", async (_, path, put) => {
    await put();
    expect(() => readBelow(root, path)).toThrow(NameRefused);
  });

  it("[NS5] nothing is read below a root that is a link", async () => {
    await linkTo("../bob/notes", "link");
    expect(() => readBelow(join(root, "link"), "secret.json")).toThrow(NameRefused);
  });

  it("[NS5] folders are made, but not through a link, a file or a pipe", async () => {
    makeFoldersBelow(join(root, "new"), "x/y/file.json");
    expect(await readdir(join(root, "new", "x"))).toEqual(["y"]);
    makeFoldersBelow(root, "notes/b.json");
    await linkTo("../bob", "link");
    await linkTo("nothing", "dangling");
    pipe(join(root, "pipe"));
    for (const path of ["link/x/b.json", "dangling/x/b.json", "notes/a.json/x/b.json", "pipe/x/b.json"]) {
      expect(() => makeFoldersBelow(root, path)).toThrow(NameRefused);
    }
    expect(() => makeFoldersBelow(join(root, "link"), "b.json")).toThrow(NameRefused);
    expect(await readdir(outside)).toEqual(["notes"]);
  });

  it("[NS5] whether a file is there is not asked through a link", async () => {
    await linkTo("../bob/notes", "link");
    await linkTo("nothing", "dangling.json");
    expect(await existsBelow(root, "notes/a.json")).toBe(true);
    expect(await existsBelow(root, "dangling.json")).toBe(true);
    for (const path of ["none.json", "none/a.json", "notes", "notes/a.json/b.json"]) {
      expect(await existsBelow(root, path)).toBe(false);
    }
    await expect(existsBelow(root, "link/secret.json")).rejects.toThrow(NameRefused);
  });

  it("[NS8] says what is in the way of a file", async () => {
    await linkTo("../bob/notes", "link");
    await linkTo("notes/a.json", "link.json");
    expect(await obstacleBelow(root, "link/x/secret.json")).toBe("link");
    expect(await obstacleBelow(root, "notes/a.json/b/c.json")).toBe("notes/a.json");
    expect(await obstacleBelow(root, "notes")).toBe("notes");
    // What a rename replaces is not.
    for (const path of ["notes/a.json", "link.json", "new/a.json", "new.json"]) {
      expect(await obstacleBelow(root, path)).toBeUndefined();
    }
  });

  it("[NS5] a folder is one or nothing", async () => {
    await linkTo("../bob", "link");
    await checkFolder(root);
    await checkFolder(join(root, "none"));
    for (const path of ["link", "notes/a.json"])
      await expect(checkFolder(join(root, path))).rejects.toThrow(NameRefused);
    expect(await readFile(join(outside, "notes", "secret.json"), "utf8")).toBe("bob's");
  });
});
