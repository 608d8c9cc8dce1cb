import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { makeGate, remembered, WorkerUnderTest } from "../../test/worker-under-test.ts";
import { realDisk } from "../namespace/disk.ts";
import { hashTask, type Outcome, type Task, taskKey } from "../task.ts";

const completed = { status: "completed" };
const seqs = (outcomes: Outcome[]) => outcomes.map(({ log }) => log?.seq);

describe("a claim", () => {
  let worker: WorkerUnderTest;
  beforeEach(async () => {
    worker = await WorkerUnderTest.start();
  });
  afterEach(() => worker.close());

  it("[WK10] is played in order, each play on what those before it wrote, and their records follow each other", async () => {
    const outcomes = await worker.play(
      worker.task("add"),
      worker.task("throw"),
      worker.task("add"),
      worker.task("look"),
    );
    expect(outcomes).toMatchObject([
      { output: "1" },
      { status: "error", failure: { code: -32000, message: "Error: no" } },
      { output: "2" },
      { output: "2" },
    ]);
    expect(seqs(outcomes)).toEqual([1, 2, 3, 4]);
    expect(worker.errors).toEqual([]);
  });

  it("[NS10] waits while too much of what was committed is not in the files yet", async () => {
    await worker.play(worker.task("bulk"));
    await worker.play(worker.task("look"));
    expect(worker.sandbox.pending[1]).toBeLessThanOrEqual(1_000);
  });

  it("[WK5] a task that is in the log is answered from there, across restarts, and does not run", async () => {
    const first = worker.task("add", { caller: bob.publicKey });
    const [outcome] = remembered(await worker.play(first));
    await worker.restart();
    expect(await worker.play({ ...first, deadline: 0 }, worker.task("look"))).toMatchObject([outcome, { output: "1" }]);
    expect(worker.sandbox.ran).toEqual(["add", "look"]);
    await worker.restart();
    worker.coolDown.start({ circle: alice.publicKey, caller: bob.publicKey });
    worker.shut();
    expect(await worker.play(first)).toEqual([outcome]);
  });

  it.each([{ script: "look" }, { args: "1" }])("[WK5] its id with %j is refused", async (other) => {
    const first = worker.task("add");
    await worker.play(first);
    await worker.restart();
    const texts = { script: first.script, args: first.args, ...other };
    const [outcome] = await worker.play({ ...first, ...texts, hashes: hashTask(texts) });
    expect(outcome).toMatchObject({ status: "error", failure: { code: -32009 } });
    expect(outcome).not.toHaveProperty("log");
    expect(worker.sandbox.ran).toEqual(["add"]);
  });

  it("[WK5] its id is another task's where another caller uses it", async () => {
    const first = worker.task("add");
    expect(await worker.play(first, { ...first, caller: bob.publicKey })).toMatchObject([
      { output: "1" },
      { output: "2" },
    ]);
  });

  it.each<[string, number, Partial<Task>]>([
    ["the circle's policy", -32003, { caller: mallory.publicKey }],
    ["its proof", -32010, { proof: { kind: "in-process" } }],
    ["a cool-down", -32007, {}],
  ])("[WK6] a play that is refused for %s leaves nothing", async (why, code, given) => {
    if (why === "a cool-down") worker.coolDown.start({ circle: alice.publicKey, caller: alice.publicKey });
    worker.shut();
    const refused = worker.task("add", given);
    const [outcome] = await worker.play(refused);
    expect(outcome).toMatchObject({ status: code === -32003 ? "denied" : "error", failure: { code } });
    expect(outcome).not.toHaveProperty("log");
    expect(await readdir(worker.folder.path)).toEqual([]);
    expect(worker.sandbox.ran).toEqual([]);
    // A gateway lets no forged proof through: that one came here is for an operator to know.
    expect(worker.errors).toHaveLength(why === "its proof" ? 1 : 0);
  });

  it("[WK4] an envelope is valid when its play is admitted, or the play is refused and leaves nothing", async () => {
    const unsigned = worker.task("add", { timeoutMs: undefined });
    const { id: taskId, circle, caller, hashes } = unsigned;
    const now = Math.floor(Date.now() / 1000);
    const sign = async (issuedAt: number, expiresAt: number): Promise<Task> => {
      const signature = await alice.signPlay({ taskId, circle, caller, ...hashes, issuedAt, expiresAt });
      const envelope = { issued_at: issuedAt, expires_at: expiresAt, signature };
      return { ...unsigned, proof: { kind: "envelope", envelope } };
    };
    for (const task of [await sign(now - 200, now - 100), await sign(now + 100, now + 200)]) {
      expect(await worker.play(task)).toMatchObject([{ status: "error", failure: { code: -32008 } }]);
    }
    expect(await readdir(worker.folder.path)).toEqual([]);
    expect(await worker.play(await sign(now, now + 30))).toMatchObject([completed]);
    expect((await worker.recordOf(unsigned))?.until).toBe(now + 30 + 600);
    // Once it has been played, it is answered whenever it is sent.
    await worker.restart();
    expect(await worker.play(await sign(now - 200, now - 100))).toMatchObject([completed]);
  });

  it("[WK7] a play whose deadline has passed, or that was cancelled before it was taken, is recorded and does not run", async () => {
    const [late, cancelled] = [worker.task("add", { deadline: Date.now() }), worker.task("add")];
    const outcomes = [worker.submit(late), worker.submit(cancelled)];
    await worker.broker.cancel(taskKey(cancelled));
    await worker.serve();
    expect(await Promise.all(outcomes)).toMatchObject([
      { status: "expired", failure: { code: -32005 }, log: { seq: 1 } },
      { status: "cancelled", failure: { code: -32006 }, log: { seq: 2 } },
    ]);
    expect(await worker.recordOf(late)).toMatchObject({ end: { status: "expired" }, writes: [] });
    expect(worker.sandbox.ran).toEqual([]);
    await worker.restart();
    expect(await worker.play(cancelled)).toMatchObject([{ status: "cancelled" }]);
  });

  it("[WK7] a cancel between a script's end and its commit counts, and the plays behind it run on what there is", async () => {
    const gate = makeGate();
    worker.hold = gate.opened;
    const [cancelled, next] = [worker.task("held"), worker.task("look")];
    const outcomes = [worker.submit(worker.task("add")), worker.submit(cancelled), worker.submit(next)];
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran).toContain("held");
    await worker.broker.cancel(taskKey(cancelled)); // this script does not look
    gate.open();
    await serving;
    expect(await Promise.all(outcomes)).toMatchObject([{ output: "1" }, { status: "cancelled" }, { output: "1" }]);
    expect(await worker.recordOf(cancelled)).toMatchObject({ writes: [] });
  });

  it("[WK7] a cancel after the commit changes nothing", async () => {
    const gate = makeGate();
    let isSyncing = false;
    worker.sync = async (file) => {
      isSyncing = true;
      await gate.opened;
      await realDisk.sync(file);
    };
    const late = worker.task("add");
    const outcome = worker.submit(late);
    const serving = worker.serve();
    await expect.poll(() => isSyncing).toBe(true);
    await worker.broker.cancel(taskKey(late));
    gate.open();
    await serving;
    expect(await outcome).toMatchObject({ output: "1" });
  });

  it("[WK23] a play that ran and completed says how long it ran and was committed; no other does", async () => {
    const [run, sync] = [makeGate(), makeGate()];
    let syncingSince: number | undefined;
    worker.hold = run.opened;
    const held = worker.task("held");
    const began = performance.now();
    const playing = worker.play(held);
    await expect.poll(() => worker.sandbox.ran).toEqual(["held"]);
    const runningSince = performance.now();
    worker.sync = async (file) => {
      syncingSince ??= performance.now();
      await sync.opened;
      await realDisk.sync(file);
    };
    await expect.poll(() => performance.now() - runningSince).toBeGreaterThan(10);
    const ranMs = performance.now() - runningSince;
    run.open();
    await expect.poll(() => syncingSince).toBeDefined();
    const syncedMs = performance.now() - (syncingSince ?? Number.NaN);
    sync.open();
    const [outcome] = await playing;
    const { run_ms, commit_ms } = outcome?.timing ?? { run_ms: 0, commit_ms: 0 };
    expect(run_ms).toBeGreaterThanOrEqual(ranMs);
    expect(commit_ms).toBeGreaterThanOrEqual(syncedMs);
    expect(run_ms + commit_ms).toBeLessThanOrEqual(performance.now() - began);
    const others = await worker.play(worker.task("throw"), worker.task("clash"));
    await worker.restart();
    for (const other of [...others, ...(await worker.play(held))]) expect(other).not.toHaveProperty("timing");
  });

  it("[NS4] writes that clash are the script's error, and the plays behind it run on what there is", async () => {
    const outcomes = await worker.play(
      worker.task("add"),
      worker.task("clash"),
      worker.task("add"),
      worker.task("look"),
    );
    expect(outcomes).toMatchObject([
      { output: "1" },
      { status: "error", failure: { code: -32000, data: { name: "TypeError" } } },
      { output: "2" },
      { output: "2" },
    ]);
    expect(seqs(outcomes)).toEqual([1, 2, 3, 4]);
    expect((await readdir(join(worker.folder.path, alice.publicKey, "data"))).length).toBeLessThan(2);
  });
});
