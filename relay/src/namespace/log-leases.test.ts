import { EventEmitter, once } from "node:events";
import { appendFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LoggedCircle, openedState } from "../../test/logged-circle.ts";
import { alice } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { type Disk, realDisk } from "./disk.ts";
import { LeaseOutdated } from "./open-log.ts";
import { isSegmentName, segmentName } from "./segments.ts";
import { verifyLog } from "./verify-log.ts";

const circle = alice.publicKey;

/** Stops whoever comes to one step of a disk while it is closed. */
class Gate {
  readonly #arrivals = new EventEmitter();
  #isClosed = false;

  /** Resolves when somebody is stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await once(this.#arrivals, "stopped");
  }

  open(): void {
    this.#isClosed = false;
    this.#arrivals.emit("opened");
  }

  disk(step: "create" | "sync" | "link" | "remove" | "syncFolder"): Disk {
    const use = realDisk[step] as (...given: unknown[]) => Promise<unknown>;
    const stopping = async (...given: unknown[]) => {
      this.#arrivals.emit("stopped");
      if (this.#isClosed) await once(this.#arrivals, "opened");
      return use(...given);
    };
    return { ...realDisk, [step]: stopping };
  }
}

describe("a log that several workers write", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  const opened: LoggedCircle[] = [];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ log }) => log.close()));
    await folder.remove();
  });
  const at = (path: string, lease: number) => ({ folder: path, circle, lease });
  /** Under a lease, whether the log is there already or not. */
  const open = async (lease: number, path = folder.path) => {
    const one = (await LoggedCircle.open(at(path, lease))) ?? (await LoggedCircle.create(at(path, lease)));
    opened.push(one);
    return one;
  };
  const found = (lease: number) => openedState(at(folder.path, lease)).then(({ files }) => files);

  it("[LG14] goes on in a new segment under a later lease; what the earlier one still writes counts for nothing", async () => {
    const earlier = await open(5);
    await earlier.play("a", "1");
    const later = await open(7);
    await earlier.play("a", "written too late");
    await later.play("b", "2");
    await earlier.play("c", "written too late");
    expect(await found(9)).toEqual({ a: "1", b: "2" });
    const report = await verifyLog({ folder: folder.path, circle });
    expect(report).not.toHaveProperty("damage");
    expect(report?.ignored).toMatchObject([{ segment: segmentName(2), why: "written after the segment was sealed" }]);
  });

  it("[LG14] is not opened under an earlier lease, and says which one is known", async () => {
    await open(5);
    await open(7);
    await expect(open(6)).rejects.toThrow(LeaseOutdated);
    await expect(open(6)).rejects.toMatchObject({ known: 7 });
  });

  it("[LG14] knows under which lease it was made", async () => {
    const made = await open(7);
    await made.play("a", "1");
    await expect(open(5)).rejects.toMatchObject({ known: 7 });
    await made.play("a", "2");
    expect(await found(9)).toEqual({ a: "2" });
  });

  it("[LG14] goes on under its last lease where nobody else could have it", async () => {
    for (const lease of [5, 7]) await (await open(lease)).play("a", String(lease));
    const alone = await open(0);
    await alone.play("b", "alone");
    await alone.checkpoint();
    expect(await found(0)).toEqual({ a: "7", b: "alone" });
    await expect(open(6)).rejects.toThrow(LeaseOutdated);
    expect(await found(9)).toEqual({ a: "7", b: "alone" });
  });

  it("[LG14] nothing is made, written or removed by who has it no more", async () => {
    let isHeld = true;
    const one = await LoggedCircle.create({ ...at(folder.path, 5), isHeld: () => isHeld });
    opened.push(one);
    await one.play("a", "1");
    isHeld = false;
    await expect(one.play("a", "2")).rejects.toThrow(/somebody else has the circle/);
    await expect(one.checkpoint()).rejects.toThrow(/somebody else|closed after/);
    await expect(
      one.log.dropSegments({ olderThan: new Date(Date.now() + 60_000), keepFrom: Number.POSITIVE_INFINITY }),
    ).resolves.toBe(0);
    await expect(LoggedCircle.open({ ...at(folder.path, 9), isHeld: () => false })).rejects.toThrow(/somebody else/);
    expect(await found(9)).toEqual({ a: "1" });
  });

  it.each(["create", "sync", "link", "remove", "syncFolder"] as const)(
    "[LG14] is taken over at once from who was stopped beginning a segment, before its step %s",
    async (step) => {
      const gate = new Gate();
      const earlier = await LoggedCircle.create({ ...at(folder.path, 5), disk: gate.disk(step) });
      opened.push(earlier);
      await earlier.play("a", "1");
      const stopped = gate.close();
      const checkpoint = earlier.checkpoint().catch(() => false);
      await stopped;
      const later = await open(7);
      await later.play("b", "2");
      gate.open();
      await checkpoint;
      await earlier.play("a", "written too late").catch(() => {});
      await later.play("c", "3");
      expect(await found(9)).toEqual({ a: "1", b: "2", c: "3" });
      expect((await readdir(folder.path)).filter((name) => !isSegmentName(name))).toEqual([]);
    },
  );

  it("[LG14] goes on where it was under the same lease", async () => {
    await open(5);
    const first = await open(7);
    await first.play("a", "1");
    const again = await open(7);
    await again.play("b", "2");
    expect(again.log.head.seq).toBe(4); // each lease begins a segment with a record of its own
    expect(await found(7)).toEqual({ a: "1", b: "2" });
  });

  it("[LG14] cannot be gone on with by who had it before, in a segment of its own either", async () => {
    const earlier = await open(5);
    await earlier.play("a", "1");
    await open(7);
    await expect(earlier.checkpoint()).rejects.toThrow(/EEXIST/);
    await expect(earlier.play("a", "2")).rejects.toThrow();
    expect(await found(9)).toEqual({ a: "1" });
  });

  it("[LG14] leaves what is unfinished at its end to whoever may still be writing it", async () => {
    const earlier = await open(5);
    await earlier.play("a", "1");
    const path = join(folder.path, segmentName(1));
    await appendFile(path, '{"batch":1,"rec');
    const before = await readFile(path);
    const later = await open(7);
    await later.play("b", "2");
    expect(await readFile(path)).toEqual(before);
    expect(await found(9)).toEqual({ a: "1", b: "2" });
  });

  it("[LG14] is due for a checkpoint when it has many segments", async () => {
    for (let lease = 1; lease <= 64; lease++) {
      const one = await open(lease);
      expect(one.log.isCheckpointDue(0)).toBe(false);
    }
    const last = await open(65);
    expect(last.log.isCheckpointDue(0)).toBe(true);
  });

  it("[LG14] holds, of whatever workers write in whatever order, what each wrote while it had the circle", async () => {
    const step = fc.oneof(
      { weight: 1, arbitrary: fc.constant("open" as const) },
      { weight: 4, arbitrary: fc.record({ worker: fc.nat(9), path: fc.constantFrom("a", "b", "c") }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const other = await makeTemporaryFolder();
        const workers = [await open(1, other.path)];
        const model: { [path: string]: string } = {};
        for (const [i, one] of steps.entries()) {
          if (one === "open") {
            workers.push(await open(workers.length + 1, other.path));
            continue;
          }
          const worker = workers[one.worker % workers.length];
          await worker?.play(one.path, String(i));
          if (worker === workers.at(-1)) model[one.path] = String(i);
        }
        expect((await openedState(at(other.path, workers.length + 1))).files).toEqual(model);
        expect(await verifyLog({ folder: other.path, circle })).not.toHaveProperty("damage");
        await Promise.all(opened.splice(0).map(({ log }) => log.close()));
        await other.remove();
      }),
      { numRuns: 60 },
    );
  });
});
