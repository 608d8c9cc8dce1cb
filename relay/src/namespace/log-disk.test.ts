import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryOf } from "../../test/entries.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { type Disk, realDisk } from "./disk.ts";
import { CircleLog } from "./log.ts";

const [durable, lasting] = [{ durable: true }, { durable: false }];

/** A disk that fails when told to, and says what it was asked. */
class FailingDisk implements Disk {
  readonly asked: string[] = [];
  /** The most bytes that it takes at once, and in all. */
  mostAtOnce = Number.POSITIVE_INFINITY;
  roomBytes = Number.POSITIVE_INFINITY;
  /** What a sync waits for. */
  syncing: Promise<unknown> = Promise.resolve();
  truncates = true;

  sizeBytes = realDisk.sizeBytes;
  create = realDisk.create;
  link = realDisk.link;
  remove = realDisk.remove;
  syncFolder = realDisk.syncFolder;

  append(file: number, bytes: Uint8Array): number {
    this.asked.push("append");
    if (this.roomBytes === 0) throw new Error("ENOSPC");
    const written = realDisk.append(file, bytes.subarray(0, Math.min(this.mostAtOnce, this.roomBytes)));
    this.roomBytes -= written;
    return written;
  }

  async sync(file: number): Promise<void> {
    this.asked.push("sync");
    await this.syncing;
    await realDisk.sync(file);
  }

  truncate(file: number, sizeBytes: number): void {
    this.asked.push("truncate");
    if (!this.truncates) throw new Error("EIO");
    realDisk.truncate(file, sizeBytes);
  }
}

describe("CircleLog on a disk", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let path: string;
  let disk: FailingDisk;
  let log: CircleLog;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    path = join(folder.path, "plays-000001.jsonl");
    disk = new FailingDisk();
    log = await CircleLog.create({ folder: folder.path, circle, disk });
  });
  afterEach(async () => {
    await log.close();
    await folder.remove();
  });

  const circle = alice.publicKey;
  const append = (id: string, options: { durable: boolean }) => log.append(entryOf({ id }), options);
  const settled = async (appends: Promise<unknown>[]) =>
    (await Promise.allSettled(appends)).map(({ status }) => status);
  const tasks = async () => {
    const found: string[] = [];
    const again = await CircleLog.open({ folder: folder.path, circle }, (record) =>
      found.push("task" in record ? record.task : "?"),
    );
    await again?.close();
    return found;
  };
  const failingSync = () => {
    const failure = Promise.reject(new Error("EIO"));
    failure.catch(() => {});
    return failure;
  };

  it("[LG3] that takes a few bytes at a time still gets each record whole", async () => {
    disk.mostAtOnce = 7;
    await append("t1", durable);
    await append("t2", durable);
    expect(await tasks()).toEqual(["t1", "t2"]);
  });

  it("[LG3] is synced once for all that are appended meanwhile, and not for those without writes", async () => {
    let wake: (_: unknown) => void = () => {};
    disk.syncing = new Promise((resolve) => {
      wake = resolve;
    });
    const ended: string[] = [];
    const follow = (id: string, options: { durable: boolean }) => append(id, options).then(() => ended.push(id));
    const first = follow("t0", durable);
    await expect.poll(() => disk.asked).toEqual(["append", "sync"]);
    const rest = Array.from({ length: 9 }, (_, i) => follow(`t${i + 1}`, i % 2 === 0 ? durable : lasting));
    expect(ended).toEqual([]);
    wake(undefined);
    await Promise.all([first, ...rest]);
    expect(ended).toEqual(Array.from({ length: 10 }, (_, i) => `t${i}`));
    await follow("t10", lasting);
    expect(disk.asked).toEqual(["append", "sync", "append", "sync", "append"]);
  });

  it("[LG3] gets many records in batches of a bounded size", async () => {
    const output = "x".repeat(2 ** 20);
    await Promise.all(Array.from({ length: 12 }, () => log.append(entryOf({ output }), lasting)));
    await Promise.all(Array.from({ length: 600 }, () => append("t1", lasting)));
    const batches = [...(await readFile(path, "utf8")).matchAll(/^\{"batch":1,"records":(\d+),"bytes":(\d+)/gm)];
    for (const [, records, bytes] of batches) {
      expect(Number(records)).toBeLessThanOrEqual(256);
      expect(Number(bytes)).toBeLessThan(6 * 2 ** 20);
    }
    expect(batches.length).toBeLessThan(10);
  });

  it("[LG6] that is full in the middle of a record keeps what was before, and nothing is appended any more", async () => {
    await append("t1", durable);
    await append("t2", lasting);
    disk.roomBytes = 50;
    expect(await settled([append("t3", durable)])).toEqual(["rejected"]);
    disk.roomBytes = Number.POSITIVE_INFINITY;
    expect(await settled([append("t4", durable)])).toEqual(["rejected"]);
    expect(await tasks()).toEqual(["t1", "t2"]);
    const again = await CircleLog.open({ folder: folder.path, circle }, () => {});
    await again?.append(entryOf({ id: "t5" }), durable);
    await again?.close();
    expect(await tasks()).toEqual(["t1", "t2", "t5"]);
  });

  it("[LG6] that is full and cannot even be cut back leaves what opening anew cuts off", async () => {
    await append("t1", durable);
    disk.roomBytes = 50;
    disk.truncates = false;
    expect(await settled([append("t2", durable)])).toEqual(["rejected"]);
    expect(await tasks()).toEqual(["t1"]);
  });

  it("[LG6] whose sync fails takes back all that was not synced, and fails all that comes behind", async () => {
    await append("t1", durable);
    await append("t2", lasting);
    let fail: (error: unknown) => void = () => {};
    disk.syncing = new Promise((_, reject) => {
      fail = reject;
    });
    const failing = append("t3", durable);
    await expect.poll(() => disk.asked.at(-1)).toBe("sync");
    const behind = [append("t4", durable), append("t5", lasting)];
    fail(new Error("EIO"));
    expect(await settled([failing, ...behind])).toEqual(["rejected", "rejected", "rejected"]);
    disk.syncing = Promise.resolve();
    expect(await settled([append("t6", durable)])).toEqual(["rejected"]);
    expect(disk.asked.filter((asked) => asked === "sync")).toHaveLength(2); // it was not tried again
    expect(await tasks()).toEqual(["t1"]);
  });

  it("[LG3] is synced before anything in it is believed that a process left there", async () => {
    await append("t1", lasting);
    disk.asked.length = 0;
    const again = await CircleLog.open({ folder: folder.path, circle, disk }, () => {});
    expect(disk.asked).toEqual(["sync"]);
    disk.syncing = failingSync();
    await expect(CircleLog.open({ folder: folder.path, circle, disk }, () => {})).rejects.toThrow("EIO");
    await again?.close();
  });

  it("[LG6] says why it takes nothing any more", async () => {
    disk.syncing = failingSync();
    await expect(append("t1", durable)).rejects.toThrow("EIO");
    await expect(append("t2", durable)).rejects.toThrow(
      expect.objectContaining({
        message: "log: closed after a failure",
        cause: expect.objectContaining({ message: "EIO" }),
      }),
    );
  });

  it("[LG3] that is closed while it is written to is closed after that", async () => {
    const appends = [append("t1", durable), append("t2", durable)];
    await log.close();
    expect(await settled(appends)).toEqual(["fulfilled", "fulfilled"]);
    expect(await tasks()).toEqual(["t1", "t2"]);
    expect(await settled([append("t3", durable)])).toEqual(["rejected"]);
  });
});
