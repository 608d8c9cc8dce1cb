import { readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { TaskId } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ended, FakeSandbox, type Seen } from "../../test/fake-sandbox.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import type { FollowOptions } from "../broker/broker.ts";
import { MemoryBroker } from "../broker/memory-broker.ts";
import { realDisk } from "../namespace/disk.ts";
import { Namespaces } from "../namespace/namespaces.ts";
import { open, ownerOnly, type Policy } from "../policy/policy.ts";
import { chooseVerifier } from "../signatures/verifier.ts";
import { hashTask, type Outcome, type Task, taskKey, VOUCHED_IN_PROCESS } from "../task.ts";
import { CoolDown } from "./cool-down.ts";
import { serveClaim } from "./serve-claim.ts";

const never = new AbortController().signal;
const [completed, failed] = [{ status: "completed" }, { status: "error" }];

describe("a claim", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let broker: MemoryBroker;
  let namespaces: Namespaces;
  let sync: typeof realDisk.sync;
  let coolDown: CoolDown;
  let policy: Policy;
  const errors: unknown[] = [];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    broker = new MemoryBroker();
    sync = realDisk.sync;
    namespaces = new Namespaces({ dbPath: folder.path, disk: { ...realDisk, sync: (file) => sync(file) } });
    coolDown = new CoolDown();
    policy = open;
    errors.length = 0;
  });
  afterEach(async () => {
    await broker.close();
    await namespaces.close();
    await folder.remove();
  });

  /** The scripts of these tests; `held` ends when a test says so. */
  let hold: Promise<unknown> = Promise.resolve();
  const add = ({ read }: Seen) => {
    const n = ((read("n") as number | undefined) ?? 0) + 1;
    return ended(n, { n });
  };
  const sandbox = new FakeSandbox({
    add,
    look: ({ read }) => ended(read("n") ?? null),
    say: ({ onEvent, ...seen }) => {
      onEvent?.({ seq: 1, kind: "print", data: "said" });
      return add({ ...seen });
    },
    held: (seen) => hold.then(() => add(seen)),
    note: () => ended(null, { "notes/a": 1 }),
    throw: () => ({ ...ended(), end: { kind: "thrown", name: "Error", message: "no" } }),
    clash: () => ended(null, { n: 5, N: 5 }),
    hang: () => ({ ...ended(), end: { kind: "limit", limit: "cpu_ms", allowed: 1 }, killed: true }),
    break: () => Promise.reject(new Error("sandbox: a thread failed")),
  });
  beforeEach(() => {
    sandbox.ran.length = 0;
    hold = Promise.resolve();
  });

  let tasks = 0;
  const task = (script: string, given: Partial<Task> = {}): Task => {
    const texts = { script, args: given.args ?? "null" };
    tasks += 1;
    return {
      id: `task-${String(tasks).padStart(16, "0")}` as TaskId,
      circle: alice.publicKey,
      caller: alice.publicKey,
      hashes: hashTask(texts),
      deadline: Date.now() + 60_000,
      proof: VOUCHED_IN_PROCESS,
      ...texts,
      ...given,
    };
  };
  const submit = (task: Task, options: FollowOptions = {}) => {
    const outcome = broker.submit(task, options, never);
    outcome.catch(() => {});
    return outcome;
  };
  /** Takes whatever waits of one circle as one claim, and serves it. */
  const serve = async () => {
    const claim = await broker.take({ mostTasks: 64 }, never);
    const verifier = await chooseVerifier();
    const onError = (error: unknown) => errors.push(error);
    await serveClaim({ broker, sandbox, namespaces, verifier, policy, coolDown, onError }, claim);
  };
  const play = async (...all: Task[]): Promise<Outcome[]> => {
    const outcomes = all.map((task) => submit(task));
    await serve();
    return Promise.all(outcomes);
  };
  const seqs = (outcomes: Outcome[]) => outcomes.map(({ log }) => log?.seq);
  const recordOf = ({ circle, caller, id }: Task) =>
    namespaces.with(circle, async (namespace) => (await namespace.recall(caller, id))?.record);
  /** The relay is started again: what only memory knew is gone. */
  const restart = async () => {
    await broker.close();
    broker = new MemoryBroker();
  };

  it("[WK10] is played in order, each play on what those before it wrote, and their records follow each other", async () => {
    const outcomes = await play(task("add"), task("throw"), task("add"), task("look"));
    expect(outcomes).toMatchObject([
      { output: "1" },
      { status: "error", failure: { code: -32000, message: "Error: no" } },
      { output: "2" },
      { output: "2" },
    ]);
    expect(seqs(outcomes)).toEqual([1, 2, 3, 4]);
    expect(errors).toEqual([]);
  });

  it("[WK5] a task that is in the log is answered from there, across restarts, and does not run", async () => {
    const first = task("add", { caller: bob.publicKey });
    const [outcome] = await play(first);
    await restart();
    expect(await play({ ...first, deadline: 0 }, task("look"))).toMatchObject([outcome, { output: "1" }]);
    expect(sandbox.ran).toEqual(["add", "look"]);
    await restart();
    coolDown.start(bob.publicKey);
    policy = ownerOnly;
    expect(await play(first)).toEqual([outcome]);
  });

  it.each([{ script: "look" }, { args: "1" }])("[WK5] its id with %j is refused", async (other) => {
    const first = task("add");
    await play(first);
    await restart();
    const texts = { script: first.script, args: first.args, ...other };
    const [outcome] = await play({ ...first, ...texts, hashes: hashTask(texts) });
    expect(outcome).toMatchObject({ status: "error", failure: { code: -32009 } });
    expect(outcome).not.toHaveProperty("log");
    expect(sandbox.ran).toEqual(["add"]);
  });

  it("[WK5] its id is another task's where another caller uses it", async () => {
    const first = task("add");
    expect(await play(first, { ...first, caller: bob.publicKey })).toMatchObject([{ output: "1" }, { output: "2" }]);
  });

  it.each<[string, number, Partial<Task>]>([
    ["the circle's policy", -32003, { caller: mallory.publicKey }],
    ["its proof", -32010, { proof: { kind: "in-process" } as Task["proof"] }],
    ["a cool-down", -32007, {}],
  ])("[WK6] a play that is refused for %s leaves nothing", async (why, code, given) => {
    if (why === "a cool-down") coolDown.start(alice.publicKey);
    policy = ownerOnly;
    const refused = task("add", given);
    const [outcome] = await play(refused);
    expect(outcome).toMatchObject({ status: code === -32003 ? "denied" : "error", failure: { code } });
    expect(outcome).not.toHaveProperty("log");
    expect(await readdir(folder.path)).toEqual([]);
    expect(sandbox.ran).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("[WK4] an envelope is valid when its play is admitted, or the play is refused and leaves nothing", async () => {
    const unsigned = task("add", { timeoutMs: undefined });
    const { id: taskId, circle, caller, hashes } = unsigned;
    const now = Math.floor(Date.now() / 1000);
    const sign = async (issuedAt: number, expiresAt: number): Promise<Task> => {
      const signature = await alice.signPlay({ taskId, circle, caller, ...hashes, issuedAt, expiresAt });
      const envelope = { issued_at: issuedAt, expires_at: expiresAt, signature };
      return { ...unsigned, proof: { kind: "envelope", envelope } };
    };
    for (const task of [await sign(now - 200, now - 100), await sign(now + 100, now + 200)]) {
      expect(await play(task)).toMatchObject([{ status: "error", failure: { code: -32008 } }]);
    }
    expect(await readdir(folder.path)).toEqual([]);
    expect(await play(await sign(now, now + 30))).toMatchObject([completed]);
    expect((await recordOf(unsigned))?.until).toBe(now + 30 + 600);
    // Once it has been played, it is answered whenever it is sent.
    await restart();
    expect(await play(await sign(now - 200, now - 100))).toMatchObject([completed]);
  });

  it("[PO3] a policy that throws denies, and somebody hears why", async () => {
    policy = () => {
      throw new Error("broken policy");
    };
    expect(await play(task("add"))).toMatchObject([
      { status: "denied", failure: { code: -32003, data: { capability: "*" } } },
    ]);
    expect(errors).toMatchObject([{ cause: { message: "broken policy" } }]);
    expect(sandbox.ran).toEqual([]);
  });

  it("[WK7] a play whose deadline has passed, or that was cancelled before it was taken, is recorded and does not run", async () => {
    const [late, cancelled] = [task("add", { deadline: Date.now() }), task("add")];
    const outcomes = [submit(late), submit(cancelled)];
    await broker.cancel(taskKey(cancelled));
    await serve();
    expect(await Promise.all(outcomes)).toMatchObject([
      { status: "expired", failure: { code: -32005 }, log: { seq: 1 } },
      { status: "cancelled", failure: { code: -32006 }, log: { seq: 2 } },
    ]);
    expect(await recordOf(late)).toMatchObject({ end: { status: "expired" }, writes: [] });
    expect(sandbox.ran).toEqual([]);
    await restart();
    expect(await play(cancelled)).toMatchObject([{ status: "cancelled" }]);
  });

  it("[WK7] a cancel between a script's end and its commit counts, and the plays behind it run on what there is", async () => {
    let end: (_: unknown) => void = () => {};
    hold = new Promise((resolve) => {
      end = resolve;
    });
    const [cancelled, next] = [task("held"), task("look")];
    const outcomes = [submit(task("add")), submit(cancelled), submit(next)];
    const serving = serve();
    await expect.poll(() => sandbox.ran).toContain("held");
    await broker.cancel(taskKey(cancelled)); // this script does not look
    end(undefined);
    await serving;
    expect(await Promise.all(outcomes)).toMatchObject([{ output: "1" }, { status: "cancelled" }, { output: "1" }]);
    expect(await recordOf(cancelled)).toMatchObject({ writes: [] });
  });

  it("[WK7] a cancel after the commit changes nothing", async () => {
    let synced: (_: unknown) => void = () => {};
    const syncing = new Promise((resolve) => {
      synced = resolve;
    });
    let isSyncing = false;
    sync = async (file) => {
      isSyncing = true;
      await syncing;
      await realDisk.sync(file);
    };
    const late = task("add");
    const outcome = submit(late);
    const serving = serve();
    await expect.poll(() => isSyncing).toBe(true);
    await broker.cancel(taskKey(late));
    synced(undefined);
    await serving;
    expect(await outcome).toMatchObject({ output: "1" });
  });

  it("[NS4] writes that clash are the script's error, and the plays behind it run on what there is", async () => {
    const outcomes = await play(task("add"), task("clash"), task("add"), task("look"));
    expect(outcomes).toMatchObject([
      { output: "1" },
      { status: "error", failure: { code: -32000, data: { name: "TypeError" } } },
      { output: "2" },
      { output: "2" },
    ]);
    expect(seqs(outcomes)).toEqual([1, 2, 3, 4]);
    expect((await readdir(join(folder.path, alice.publicKey, "data"))).length).toBeLessThan(2);
  });

  it("[WK8] when the sandbox fails nobody knows the outcome; sent again, the plays are played once", async () => {
    const [first, broken, third] = [task("add"), task("break"), task("add")];
    const unknown = { status: "error", failure: { code: -32603, data: { outcome: "unknown" } } };
    expect(await play(first, broken, third)).toMatchObject([{ output: "1" }, unknown, unknown]);
    expect(errors).toMatchObject([{ message: "sandbox: a thread failed" }, { message: "sandbox: a thread failed" }]);
    expect(await recordOf(broken)).toBeUndefined();
    expect(await play(first, third)).toMatchObject([{ output: "1" }, { output: "2" }]);
  });

  it("[WK8] when the disk fails nobody knows the outcome, nothing is heard of it, and sent again all are played once", async () => {
    await play(task("add"));
    let isBroken = true;
    sync = async (file) => (isBroken ? Promise.reject(new Error("EIO")) : realDisk.sync(file));
    const events: unknown[] = [];
    const all = [task("say"), task("say"), task("look")];
    const outcomes = all.map((task) => submit(task, { onEvent: () => events.push(task.id) }));
    await serve();
    const unknown = { status: "error", failure: { code: -32603, data: { outcome: "unknown" } } };
    expect(await Promise.all(outcomes)).toMatchObject([unknown, unknown, unknown]);
    expect(events).toEqual([all[0]?.id]); // nothing stood before the first, everything before the others
    isBroken = false;
    expect(await play(...all)).toMatchObject([{ output: "2" }, { output: "3" }, { output: "3" }]);
    expect(await play(task("look"))).toMatchObject([{ output: "3" }]);
  });

  it("[WK8] a file that cannot be written while the next play is synced harms the plays behind it, not the relay", async () => {
    await play(task("add"));
    const notes = join(folder.path, alice.publicKey, "data", "notes");
    await symlink(folder.path, notes);
    let end: (_: unknown) => void = () => {};
    hold = new Promise((resolve) => {
      end = resolve;
    });
    const isFailed = () => namespaces.with(alice.publicKey, async (namespace) => namespace.failed);
    let syncs = 0;
    sync = async (file) => {
      syncs += 1;
      if (syncs === 1) await expect.poll(() => sandbox.ran.at(-1)).toBe("held");
      else {
        // The first play's file has failed; the third play ends and is refused, before the second is synced.
        await expect.poll(isFailed).toBe(true);
        end(undefined);
        await setImmediate();
      }
      await realDisk.sync(file);
    };
    expect(await play(task("note"), task("add"), task("held"))).toMatchObject([completed, completed, failed]);
    expect(syncs).toBe(2);
    expect(await play(task("look"))).toMatchObject([{ output: "2" }]);
  });

  it("[WK8] a circle that cannot be opened answers every task of a claim", async () => {
    await symlink(folder.path, join(folder.path, alice.publicKey));
    const outcomes = await play(task("add"), task("look"));
    expect(outcomes).toMatchObject([{ failure: { code: -32603 } }, { failure: { code: -32603 } }]);
    expect(sandbox.ran).toEqual([]);
  });

  it("[WK9] a caller whose script had to be killed is stopped at once, and refused in every circle", async () => {
    const [hang, again, bobs] = [
      task("hang", { caller: mallory.publicKey }),
      task("hang", { caller: mallory.publicKey }),
      task("add", { caller: bob.publicKey }),
    ];
    const outcomes = await play(hang, again, bobs, task("look"));
    expect(outcomes).toMatchObject([
      { status: "error", failure: { code: -32004 }, log: { seq: 1 } },
      { status: "error", failure: { code: -32007, data: { limit: "cool_down", retry_after_ms: expect.any(Number) } } },
      { output: "1", log: { seq: 2 } },
      { output: "1" },
    ]);
    expect(sandbox.ran).toEqual(["hang", "add", "look"]);
    const elsewhere = task("look", { caller: mallory.publicKey, circle: bob.publicKey });
    expect(await play(elsewhere)).toMatchObject([{ failure: { code: -32007 } }]);
    expect(await recordOf(again)).toBeUndefined();
  });

  it("[WK11] a play begins before the one before it is synced, and nothing is heard of it until then", async () => {
    let synced: (_: unknown) => void = () => {};
    const syncing = new Promise((resolve) => {
      synced = resolve;
    });
    sync = async (file) => {
      await syncing;
      await realDisk.sync(file);
    };
    const heard: string[] = [];
    const scripts = ["say", "say", "throw", "look"];
    const outcomes = scripts.map(async (script, i) => {
      const { status } = await submit(task(script), { onEvent: () => heard.push(`${i}: event`) });
      heard.push(`${i}: ${status}`);
    });
    const serving = serve();
    await expect.poll(() => sandbox.ran).toEqual(scripts);
    expect(heard).toEqual(["0: event"]);
    synced(undefined);
    await Promise.all([serving, ...outcomes]);
    const ends = ["0: completed", "1: completed", "2: error", "3: completed"];
    expect(heard.filter((said) => !said.includes("event"))).toEqual(ends);
    expect(heard.indexOf("1: event")).toBeLessThan(heard.indexOf("1: completed"));
  });
});
