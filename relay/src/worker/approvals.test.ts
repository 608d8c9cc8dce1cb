import { setTimeout as wait } from "node:timers/promises";
import type { PolicyDocument } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { remembered, WorkerUnderTest } from "../../test/worker-under-test.ts";
import type { Event, Outcome, Task } from "../task.ts";
import { taskKey } from "../task.ts";
import { type AskingPlay, inboxId, inboxPath } from "./asking-play.ts";

const POLICY: PolicyDocument = { grants: [{ to: "*", allow: ["write:inbox/**"], approval: "ask" }] };
const DAYS_MS = 24 * 60 * 60 * 1000;

describe("a play that asks the owner", () => {
  let worker: WorkerUnderTest;
  beforeEach(async () => {
    worker = await WorkerUnderTest.start({ open: false });
    await worker.play(worker.task("policy", { args: JSON.stringify(POLICY) }));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await worker.close();
  });

  const entryOf = (task: Task): Promise<AskingPlay | undefined> =>
    worker.namespaces.with(alice.publicKey, async (namespace) => worker.parts.inboxes.of(namespace).ofTask(task));
  /** Has bob ask, and answers what he hears. */
  const ask = async (task = worker.task("ask", { caller: bob.publicKey, args: '"hello"' })) => {
    const events: Event[] = [];
    const outcome = worker.submit(task, { onEvent: (event) => events.push(event) });
    await worker.serve();
    return { task, outcome, events };
  };
  const decide = async (task: Task, change: Partial<AskingPlay>): Promise<void> => {
    const entry = (await entryOf(task)) ?? expect.fail("it does not wait");
    const writes = [{ path: inboxPath(inboxId(entry)), content: { json: JSON.stringify({ ...entry, ...change }) } }];
    const decision = worker.task("decide", { args: JSON.stringify(writes), lane: "control" });
    expect(await worker.play(decision)).toMatchObject([{ status: "completed" }]);
  };
  const allow = (task: Task) => decide(task, { state: "allowed", allowed: ["write:inbox/a"] });
  const ended = async (outcome: Promise<Outcome>) => {
    await worker.serve();
    return outcome;
  };

  it("[AP1] writes nothing, lies in the inbox as it was sent, and its caller hears that it waits", async () => {
    const { task, events } = await ask();
    const waiting = { kind: "waiting", data: { capability: "write:inbox/a", expires_at: expect.any(Number) } };
    expect(events).toEqual([
      { seq: 1, kind: "print", data: "asking" },
      { seq: 2, ...waiting },
    ]);
    expect(await entryOf(task)).toMatchObject({
      task: task.id,
      caller: bob.publicKey,
      script: "ask",
      script_hash: task.hashes.script,
      args: '"hello"',
      capability: "write:inbox/a",
      allowed: [],
      state: "waiting",
    });
    expect(await worker.recordOf(task)).toMatchObject({ end: { status: "waiting", capability: "write:inbox/a" } });
    expect(await worker.play(worker.task("look"))).toMatchObject([{ output: "null" }]);
  });

  it("[AP3] runs again from the start once it is allowed, and what it says goes on from where it was", async () => {
    const { task, outcome, events } = await ask();
    await allow(task);
    expect(await ended(outcome)).toMatchObject({ status: "completed", output: '"done"' });
    expect(events.map(({ seq, kind }) => `${seq} ${kind}`)).toEqual(["1 print", "2 waiting", "3 print"]);
    expect(await entryOf(task)).toBeUndefined();
    expect(await worker.recordOf(task)).toMatchObject({ end: { status: "completed" } });
    const again = worker.task("ask", { caller: bob.publicKey });
    await ask(again);
    expect(await entryOf(again)).toMatchObject({ state: "waiting", allowed: [] }); // that was for the other play alone
  });

  it("[AP2] waits through a restart, and sent again is told so; what was decided meanwhile is done", async () => {
    const { task } = await ask();
    await worker.restart({ process: true });
    const { outcome, events } = await ask(task);
    expect(events).toMatchObject([{ seq: 1, kind: "waiting" }]);
    await allow(task);
    expect(await ended(outcome)).toMatchObject({ status: "completed", output: '"done"' });
    await worker.restart({ process: true });
    expect(await worker.play(task)).toEqual(remembered([await outcome]));
  });

  it("[AP2] that was allowed before a crash goes on when the circle is next used, whoever uses it", async () => {
    const { task } = await ask();
    await allow(task); // it is in line again; then the process dies
    await worker.restart({ process: true });
    await worker.play(worker.task("look"));
    await worker.serve();
    expect(await worker.recordOf(task)).toMatchObject({ end: { status: "completed" } });
    expect(await entryOf(task)).toBeUndefined();
  });

  it("[AP5] ends as the owner says who denies it, and leaves the inbox", async () => {
    const { task, outcome } = await ask();
    await decide(task, { state: "denied", reason: "not today" });
    expect(await ended(outcome)).toMatchObject({
      status: "denied",
      failure: { code: -32003, message: "denied by the circle's owner: not today", data: { reason: "not today" } },
      log: { seq: expect.any(Number) },
    });
    expect(await entryOf(task)).toBeUndefined();
    expect(worker.sandbox.ran.filter((script) => script === "ask")).toHaveLength(1);
  });

  it("[AP5] ends when its caller cancels it", async () => {
    const { task, outcome } = await ask();
    await worker.broker.cancel(taskKey(task));
    expect(await ended(outcome)).toMatchObject({ status: "cancelled", failure: { code: -32006 } });
    expect(await entryOf(task)).toBeUndefined();
  });

  it("[AP5] expires when nobody decides in seven days, and is not run any more", async () => {
    const { task, outcome } = await ask();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 7 * DAYS_MS + 1 });
    await worker.restart({ process: true });
    await worker.play(worker.task("look"));
    await worker.serve();
    expect(await worker.recordOf(task)).toMatchObject({ end: { status: "expired", failure: { code: -32005 } } });
    expect(await entryOf(task)).toBeUndefined();
    await expect(outcome).rejects.toThrow(/closed/); // of the process that is gone
  });

  it("[AP5] expires by itself while its circle is in use, too", async () => {
    const { task, outcome } = await ask();
    // Only this test's worker sees a later time: the timer is set by it, and rings at once.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 7 * DAYS_MS + 1 });
    const another = await ask(worker.task("ask", { caller: mallory.publicKey }));
    expect(await ended(outcome)).toMatchObject({ status: "expired" });
    expect(await entryOf(task)).toBeUndefined();
    expect(await entryOf(another.task)).toMatchObject({ state: "waiting" });
  });

  it("[AP3] that asks for something else after it was allowed the first waits again, and keeps what it was allowed", async () => {
    const { task, outcome } = await ask();
    const first = (await entryOf(task)) ?? expect.fail("it does not wait");
    await decide(task, { state: "allowed", allowed: ["write:inbox/b"] });
    await worker.serve();
    const second = (await entryOf(task)) ?? expect.fail("it does not wait");
    expect(inboxId(second)).not.toBe(inboxId(first)); // whoever saw the first allows nothing else
    expect(second).toMatchObject({
      state: "waiting",
      allowed: ["write:inbox/b"],
      capability: "write:inbox/a",
    });
    await decide(task, { state: "allowed", allowed: ["write:inbox/b", "write:inbox/a"] });
    expect(await ended(outcome)).toMatchObject({ status: "completed" });
  });

  it("[AP6] is refused when twenty of its caller wait, counted at once, and when it is too long to be read", async () => {
    const tasks = Array.from({ length: 21 }, () => worker.task("ask", { caller: bob.publicKey }));
    const outcomes = tasks.map((task) => worker.submit(task));
    await worker.serve();
    expect(await Promise.race(outcomes)).toMatchObject({
      status: "error",
      failure: { code: -32007, data: { limit: "waiting_per_caller", used: 20, allowed: 20 } },
    });
    const long = worker.task("ask", { caller: mallory.publicKey, args: JSON.stringify("x".repeat(65_536)) });
    expect(await worker.play(long)).toMatchObject([{ failure: { code: -32004, data: { limit: "waiting_bytes" } } }]);
  });

  it("[AP8] is told to an owner who listens", async () => {
    const notices: unknown[] = [];
    worker.broker.listen(alice.publicKey, (notice) => notices.push(notice), AbortSignal.timeout(60_000));
    const { task } = await ask();
    const data = {
      id: inboxId((await entryOf(task)) ?? expect.fail("it does not wait")),
      caller: bob.publicKey,
      capability: "write:inbox/a",
      expires_at: expect.any(Number),
    };
    expect(notices).toEqual([{ topic: "$inbox", data }]);
  });

  it("[AP2] is believed by nobody who only says that it was approved", async () => {
    const forged = worker.task("ask", { caller: bob.publicKey, proof: { kind: "approved" } });
    expect(await worker.play(forged)).toMatchObject([{ failure: { code: -32010 } }]);
    await wait(0);
    expect(worker.sandbox.ran).not.toContain("ask");
  });
});
