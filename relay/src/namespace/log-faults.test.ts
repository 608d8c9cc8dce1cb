import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LoggedCircle, openedState } from "../../test/logged-circle.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { type Disk, realDisk } from "./disk.ts";
import { segmentName } from "./segments.ts";

const circle = alice.publicKey;

/** A disk of which one step fails: a write in its middle, anything else altogether. */
class FaultyDisk implements Disk {
  readonly asked: string[] = [];
  /** Counts from 1. */
  failAt = Number.POSITIVE_INFINITY;
  failing: string | undefined;

  append(file: number, bytes: Uint8Array): number {
    if (this.#fails("append")) {
      realDisk.append(file, bytes.subarray(0, bytes.length / 2));
      throw diskError("ENOSPC");
    }
    return realDisk.append(file, bytes);
  }

  sizeBytes = realDisk.sizeBytes;
  truncate = realDisk.truncate;
  sync = (file: number) => this.#step("sync", () => realDisk.sync(file));
  create = (path: string) => this.#step("create", () => realDisk.create(path));
  link = (path: string, name: string) => this.#step("link", () => realDisk.link(path, name));
  remove = (path: string) => this.#step("remove", () => realDisk.remove(path));
  syncFolder = (path: string) => this.#step("syncFolder", () => realDisk.syncFolder(path));

  async #step<T>(name: string, use: () => Promise<T>): Promise<T> {
    if (this.#fails(name)) throw diskError(name === "create" ? "EROFS" : "EIO");
    return use();
  }

  #fails(name: string): boolean {
    this.asked.push(name);
    if (this.asked.length !== this.failAt) return false;
    this.failing = name;
    return true;
  }
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

describe("a log whose disk fails", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(() => folder.remove());

  /** Plays and checkpoints until something fails. Answers what was acknowledged, and what was under way. */
  const playUntilFailure = async (at: string, disk: FaultyDisk) => {
    const acknowledged: { [path: string]: string } = {};
    const one = await LoggedCircle.create({ folder: at, circle, disk }).catch(() => undefined);
    if (!one) return { acknowledged, attempted: acknowledged };
    let attempted = acknowledged;
    const checkpoints: Promise<boolean>[] = [];
    try {
      for (let i = 0; i < 8; i++) {
        if (i % 3 === 2) checkpoints.push(one.checkpoint().catch(() => false));
        attempted = { ...acknowledged, [`${i % 4}`]: `${i}` };
        await one.play(`${i % 4}`, `${i}`);
        acknowledged[`${i % 4}`] = `${i}`;
      }
      await Promise.all(checkpoints);
      if (disk.failing) throw one.log.failure;
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      expect(one.log.failure).toMatchObject({ message: expect.stringContaining("injected") });
      await expect(one.play("late", "1")).rejects.toThrow("log: closed after a failure");
      await expect(one.checkpoint()).rejects.toThrow("log: closed after a failure");
    }
    await one.log.close();
    return { acknowledged, attempted };
  };

  it("[LG6] at any step has all that was acknowledged when it is opened again, and goes on", async () => {
    const failed = new Set<string>();
    for (let failAt = 1; ; failAt++) {
      const at = join(folder.path, `${failAt}`);
      await mkdir(at);
      const disk = new FaultyDisk();
      disk.failAt = failAt;
      const { acknowledged, attempted } = await playUntilFailure(at, disk);
      if (!disk.failing) break;
      failed.add(disk.failing);
      const options = { folder: at, circle };
      const { files } = await openedState(options);
      // A record that was synced before something else failed may be there, though nobody was told.
      expect([acknowledged, attempted]).toContainEqual(files);
      const again = (await LoggedCircle.open(options)) ?? (await LoggedCircle.create(options));
      await again.play("after", "1");
      expect(await again.checkpoint()).toBe(true);
      await again.log.close();
      expect((await openedState(options)).files).toEqual({ ...files, after: "1" });
    }
    expect(Array.from(failed).toSorted()).toEqual(["append", "create", "link", "remove", "sync", "syncFolder"]);
  });

  it("[LG11] syncs a segment's beginning before anything else is in it, and a checkpoint before it counts as whole", async () => {
    const disk = new FaultyDisk();
    const one = await LoggedCircle.create({ folder: folder.path, circle, disk });
    await one.play("a", "1", { durable: false });
    disk.asked.length = 0;
    await one.checkpoint();
    const [seal, part] = [
      ["sync", "create", "append", "sync", "link", "remove", "syncFolder"],
      ["append", "sync"],
    ];
    expect(disk.asked).toEqual([...seal, ...part]);
    await one.log.close();
  });

  describe("[LG3] with relaxed durability", () => {
    let disk: FaultyDisk;
    let one: LoggedCircle;
    beforeEach(async () => {
      disk = new FaultyDisk();
      one = await LoggedCircle.create({ folder: folder.path, circle, disk, durability: "relaxed" });
      disk.asked.length = 0;
    });
    afterEach(() => one.log.close());

    it("is heard of when it is written, and synced with others a little later", async () => {
      await one.play("a", "1");
      await one.play("b", "2");
      expect(disk.asked).toEqual(["append", "append"]);
      await expect.poll(() => disk.asked, { interval: 5, timeout: 1_000 }).toEqual(["append", "append", "sync"]);
      await one.play("c", "3");
      await expect.poll(() => disk.asked.filter((asked) => asked === "sync").length).toBe(2);
    });

    it("is synced when it is closed, and before it is sealed", async () => {
      await one.play("a", "1");
      await one.checkpoint();
      expect(disk.asked.slice(0, 3)).toEqual(["append", "sync", "create"]);
      await one.play("b", "2");
      disk.asked.length = 0;
      await one.log.close();
      expect(disk.asked).toEqual(["sync"]);
    });

    it("fails when the sync does that comes later, and takes back what was not synced", async () => {
      await one.play("a", "1");
      await expect.poll(() => disk.asked.at(-1)).toBe("sync");
      await one.play("b", "2");
      const { length } = await readFile(join(folder.path, segmentName(1)));
      disk.failAt = disk.asked.length + 1;
      await expect.poll(() => one.log.failure).toMatchObject({ code: "EIO" });
      expect((await readFile(join(folder.path, segmentName(1)))).length).toBeLessThan(length);
      await expect(one.play("c", "3")).rejects.toThrow("log: closed after a failure");
      expect((await openedState({ folder: folder.path, circle })).files).toEqual({ a: "1" });
    });
  });
});
