import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { makeGate, WorkerUnderTest } from "../../test/worker-under-test.ts";
import { realDisk } from "../namespace/disk.ts";

const [completed, failed] = [{ status: "completed" }, { status: "error" }];

/** vitest looks for one second, which a busy machine may take for anything. */
const PATIENT = { timeout: 30_000 };

describe("a claim, when something fails,", () => {
  let worker: WorkerUnderTest;
  beforeEach(async () => {
    worker = await WorkerUnderTest.start();
  });
  afterEach(() => worker.close());

  it("[WK8] when the sandbox fails nobody knows the outcome; sent again, the plays are played once", async () => {
    const [first, broken, third] = [worker.task("add"), worker.task("break"), worker.task("add")];
    const unknown = { status: "error", failure: { code: -32603, data: { outcome: "unknown" } } };
    expect(await worker.play(first, broken, third)).toMatchObject([{ output: "1" }, unknown, unknown]);
    expect(worker.errors).toMatchObject([
      { message: "sandbox: a thread failed" },
      { message: "sandbox: a thread failed" },
    ]);
    expect(await worker.recordOf(broken)).toBeUndefined();
    expect(await worker.play(first, third)).toMatchObject([{ output: "1" }, { output: "2" }]);
  });

  it("[WK8] when the disk fails nobody knows the outcome, nothing is heard of it, and sent again all are played once", async () => {
    await worker.play(worker.task("add"));
    let isBroken = true;
    worker.sync = async (file) => (isBroken ? Promise.reject(new Error("EIO")) : realDisk.sync(file));
    const events: unknown[] = [];
    const all = [worker.task("say"), worker.task("say"), worker.task("look")];
    const outcomes = all.map((one) => worker.submit(one, { onEvent: () => events.push(one.id) }));
    await worker.serve();
    const unknown = { status: "error", failure: { code: -32603, data: { outcome: "unknown" } } };
    expect(await Promise.all(outcomes)).toMatchObject([unknown, unknown, unknown]);
    expect(events).toEqual([all[0]?.id]); // nothing stood before the first, everything before the others
    isBroken = false;
    expect(await worker.play(...all)).toMatchObject([{ output: "2" }, { output: "3" }, { output: "3" }]);
    expect(await worker.play(worker.task("look"))).toMatchObject([{ output: "3" }]);
  });

  it("[WK8] a file that cannot be written while the next play is synced harms the plays behind it, not the relay", async () => {
    await worker.play(worker.task("add"));
    const notes = join(worker.folder.path, alice.publicKey, "data", "notes");
    await symlink(worker.folder.path, notes);
    const [second, third] = [makeGate(), makeGate()];
    worker.hold = second.opened;
    const isFailed = () => worker.namespaces.with(alice.publicKey, async (namespace) => namespace.failed);
    let syncs = 0;
    worker.sync = async (file) => {
      syncs += 1;
      if (syncs === 1) {
        await expect.poll(() => worker.sandbox.ran.at(-1), PATIENT).toBe("held");
        worker.hold = third.opened;
        second.open();
      } else {
        // The first play's file has failed; the third play ends and is refused, before the second is synced.
        await expect.poll(isFailed, PATIENT).toBe(true);
        third.open();
        await setImmediate();
      }
      await realDisk.sync(file);
    };
    expect(await worker.play(worker.task("note"), worker.task("held"), worker.task("held"))).toMatchObject([
      completed,
      completed,
      failed,
    ]);
    expect(syncs).toBe(2);
    worker.sync = realDisk.sync;
    expect(await worker.play(worker.task("look"))).toMatchObject([{ output: "2" }]);
  });

  it("[WK8] a circle that cannot be opened answers every task of a claim", async () => {
    await symlink(worker.folder.path, join(worker.folder.path, alice.publicKey));
    const outcomes = await worker.play(worker.task("add"), worker.task("look"));
    expect(outcomes).toMatchObject([{ failure: { code: -32603 } }, { failure: { code: -32603 } }]);
    expect(worker.sandbox.ran).toEqual([]);
  });

  it("[WK9] a caller whose script had to be killed is stopped at once, and refused in that circle", async () => {
    const [hang, again, bobs] = [
      worker.task("hang", { caller: mallory.publicKey }),
      worker.task("hang", { caller: mallory.publicKey }),
      worker.task("add", { caller: bob.publicKey }),
    ];
    const outcomes = await worker.play(hang, again, bobs, worker.task("look"));
    expect(outcomes).toMatchObject([
      { status: "error", failure: { code: -32004 }, log: { seq: 1 } },
      { status: "error", failure: { code: -32007, data: { limit: "cool_down", retry_after_ms: expect.any(Number) } } },
      { output: "1", log: { seq: 2 } },
      { output: "1" },
    ]);
    expect(worker.sandbox.ran).toEqual(["hang", "add", "look"]);
    expect(await worker.play(worker.task("look", { caller: mallory.publicKey }))).toMatchObject([
      { failure: { code: -32007 } },
    ]);
    const elsewhere = worker.task("look", { caller: mallory.publicKey, circle: bob.publicKey });
    expect(await worker.play(elsewhere)).toMatchObject([completed]); // it may have been this circle's library
    expect(await worker.recordOf(again)).toBeUndefined();
  });

  it("[WK11] a play begins before the one before it is synced, and nothing is heard of it until then", async () => {
    const gate = makeGate();
    worker.sync = async (file) => {
      await gate.opened;
      await realDisk.sync(file);
    };
    const heard: string[] = [];
    const scripts = ["say", "say", "throw", "look"];
    const outcomes = scripts.map(async (script, i) => {
      const { status } = await worker.submit(worker.task(script), { onEvent: () => heard.push(`${i}: event`) });
      heard.push(`${i}: ${status}`);
    });
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran).toEqual(scripts);
    expect(heard).toEqual(["0: event"]);
    gate.open();
    await Promise.all([serving, ...outcomes]);
    const ends = ["0: completed", "1: completed", "2: error", "3: completed"];
    expect(heard.filter((said) => !said.includes("event"))).toEqual(ends);
    expect(heard.indexOf("1: event")).toBeLessThan(heard.indexOf("1: completed"));
  });
});
