import type { TaskId } from "@circles/sdk/protocol";
import type { FollowOptions } from "../src/broker/broker.ts";
import { MemoryBroker } from "../src/broker/memory-broker.ts";
import { realDisk } from "../src/namespace/disk.ts";
import { Namespaces } from "../src/namespace/namespaces.ts";
import type { PlayEntry, RecordOf } from "../src/namespace/record.ts";
import type { PlayAuthority, PlayGrant } from "../src/policy/authority.ts";
import type { Emitted, Write } from "../src/sandbox/sandbox.ts";
import { chooseVerifier, type Verifier } from "../src/signatures/verifier.ts";
import { hashTask, type Outcome, type Task, VOUCHED_IN_PROCESS } from "../src/task.ts";
import { type ServeParts, serveClaim } from "../src/worker/serve-claim.ts";
import { makeWorkerParts } from "../src/worker/worker-parts.ts";
import { ended, FakeSandbox, type Seen } from "./fake-sandbox.ts";
import { alice } from "./people.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const never = new AbortController().signal;

function add({ read }: Seen) {
  const n = ((read("n") as number | undefined) ?? 0) + 1;
  return ended(n, { n });
}

/** `args`: pairs of a topic and its value. */
function emittedOf(args: string): Emitted[] {
  return (JSON.parse(args) as [string, unknown][]).map(([topic, value]) => ({ topic, json: JSON.stringify(value) }));
}

/** Of an owner there is none. */
function firstGrant(authority: string): PlayGrant | undefined {
  return authority === "" ? undefined : (JSON.parse(authority) as PlayAuthority).grants[0];
}

/** A worker with all its parts, on real files, with a sandbox that knows these scripts and a disk that a test can slow. */
export class WorkerUnderTest {
  readonly folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  namespaces: Namespaces;
  /** What the worker told of, that should not happen. */
  readonly errors: unknown[] = [];
  broker = new MemoryBroker();
  parts: ServeParts;
  sync = realDisk.sync;
  /** What the script `held` waits for. */
  hold: Promise<unknown> = Promise.resolve();
  readonly sandbox = new FakeSandbox({
    add,
    look: ({ read }) => ended(read("n") ?? null),
    say: (seen) => {
      seen.onEvent?.({ seq: 1, kind: "print", data: "said" });
      return add(seen);
    },
    held: (seen) => this.hold.then(() => add(seen)),
    bulk: () => ended(null, Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`bulk/${i}`, i]))),
    note: () => ended(null, { "notes/a": 1 }),
    /** Needs `write:inbox/a`, and says something before. */
    ask: (seen) => {
      seen.onEvent?.({ seq: 1, kind: "print", data: "asking" });
      const { approved } = JSON.parse(seen.authority) as PlayAuthority;
      if (approved.includes("write:inbox/a")) return ended("done", { "inbox/a": seen.args });
      return { ...ended(), end: { kind: "asks", capability: "write:inbox/a" } };
    },
    /** Relies on the first grant of its caller, and ends when the test says so. */
    rely: (seen) => {
      const first = firstGrant(seen.authority);
      return this.hold.then(() => ({ ...add(seen), used: first ? [first.id] : [] }));
    },
    exhaust: ({ authority }) => {
      const { exhausted } = firstGrant(authority) ?? {};
      if (!exhausted) return ended();
      return { ...ended(), end: { kind: "exhausted", capability: "write:n", ...exhausted } };
    },
    deny: () => ({ ...ended(), end: { kind: "denied", capability: "read:secret" } }),
    /** Makes its arguments the policy. */
    policy: ({ args }) => ({ ...ended(), writes: [{ path: "config/policy.json", content: { text: args } }] }),
    /** The same, when the test says so, by the first grant of its caller. */
    heldPolicy: ({ args, authority }) => {
      const first = firstGrant(authority);
      if (first?.exhausted) return { ...ended(), end: { kind: "exhausted", capability: "policy", ...first.exhausted } };
      const used = first ? [first.id] : [];
      return this.hold.then(() => ({
        ...ended(),
        used,
        writes: [{ path: "config/policy.json", content: { text: args } }],
      }));
    },
    /** Emits its arguments, and adds. */
    tell: (seen) => ({ ...add(seen), emitted: emittedOf(seen.args) }),
    /** The same, if what it writes is taken. */
    tellAndClash: ({ args }) => ({ ...ended(null, { n: 5, N: 5 }), emitted: emittedOf(args) }),
    /** The same, when the test says so, by the first grant of its caller. */
    heldTell: (seen) => {
      const first = firstGrant(seen.authority);
      const used = first ? [first.id] : [];
      return this.hold.then(() => ({ ...add(seen), used, emitted: emittedOf(seen.args) }));
    },
    /** Decides on the plays that wait, as its arguments say. */
    decide: ({ args }) => ({ ...ended(), writes: JSON.parse(args) as Write[] }),
    throw: () => ({ ...ended(), end: { kind: "thrown", name: "Error", message: "no" } }),
    clash: () => ended(null, { n: 5, N: 5 }),
    hang: () => ({ ...ended(), end: { kind: "limit", limit: "cpu_ms", allowed: 1 }, killed: true }),
    break: () => Promise.reject(new Error("sandbox: a thread failed")),
  });
  #tasks = 0;

  readonly #verifier: Verifier;
  readonly #open: boolean;

  private constructor(folder: Awaited<ReturnType<typeof makeTemporaryFolder>>, verifier: Verifier, open: boolean) {
    this.folder = folder;
    this.#verifier = verifier;
    this.#open = open;
    this.namespaces = this.#makeNamespaces();
    this.parts = this.#makeParts(open);
  }

  /** `open`: every caller may do everything, so that a test need not grant it. */
  static async start({ open = true } = {}): Promise<WorkerUnderTest> {
    return new WorkerUnderTest(await makeTemporaryFolder(), await chooseVerifier(), open);
  }

  get coolDown() {
    return this.parts.coolDown;
  }

  /** From now on nobody but the owner may do anything, until a policy says so. */
  shut(): void {
    this.parts = { ...this.#makeParts(false), coolDown: this.coolDown };
  }

  /** A task of alice's in her own circle, unless told otherwise. */
  task(script: string, given: Partial<Task> = {}): Task {
    const texts = { script, args: given.args ?? "null" };
    this.#tasks += 1;
    return {
      id: `task-${String(this.#tasks).padStart(16, "0")}` as TaskId,
      circle: alice.publicKey,
      caller: alice.publicKey,
      hashes: hashTask(texts),
      deadline: Date.now() + 60_000,
      proof: VOUCHED_IN_PROCESS,
      ...texts,
      ...given,
    };
  }

  submit(task: Task, options: FollowOptions = {}): Promise<Outcome> {
    const outcome = this.broker.submit(task, options, never);
    outcome.catch(() => {});
    return outcome;
  }

  /** Takes whatever waits of one circle as one claim, and serves it. */
  async serve(): Promise<void> {
    await serveClaim(this.parts, await this.broker.take({ mostTasks: 64 }, never));
  }

  /** Plays all of these as one claim. */
  async play(...tasks: Task[]): Promise<Outcome[]> {
    const outcomes = tasks.map((task) => this.submit(task));
    await this.serve();
    return Promise.all(outcomes);
  }

  async recordOf({ circle, caller, id }: Task): Promise<RecordOf<PlayEntry> | undefined> {
    return this.namespaces.with(circle, async (namespace) => (await namespace.recall(caller, id))?.record);
  }

  /** What only memory knows of tasks is gone; with `process` all that is in memory. */
  async restart({ process = false, storageBytes }: { process?: boolean; storageBytes?: number } = {}): Promise<void> {
    await this.broker.close();
    this.broker = new MemoryBroker();
    if (process) await this.namespaces.close();
    if (process) this.namespaces = this.#makeNamespaces(storageBytes);
    this.parts = process ? this.#makeParts(this.#open) : { ...this.parts, broker: this.broker };
  }

  #makeNamespaces(storageBytes?: number): Namespaces {
    const disk = { ...realDisk, sync: (file: number) => this.sync(file) };
    return new Namespaces({ dbPath: this.folder.path, disk, storageBytes });
  }

  #makeParts(open: boolean): ServeParts {
    const { broker, sandbox, namespaces } = this;
    const onError = (error: unknown) => this.errors.push(error);
    return makeWorkerParts({ broker, sandbox, namespaces, verifier: this.#verifier, open, onError });
  }

  async close(): Promise<void> {
    await this.broker.close();
    await this.namespaces.close();
    await this.folder.remove();
  }
}

/** What these are when their plays are sent again: nobody remembers how long they took. */
export function remembered(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.map((outcome) => {
    const { timing: _, ...rest } = outcome;
    return rest;
  });
}

/** Something that happens when a test says so. */
export function makeGate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
