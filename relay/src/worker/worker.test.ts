import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ended, FakeSandbox } from "../../test/fake-sandbox.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { MemoryBroker } from "../broker/memory-broker.ts";
import { Namespaces } from "../namespace/namespaces.ts";
import { chooseVerifier } from "../signatures/verifier.ts";
import { hashTask, type Outcome, VOUCHED_IN_PROCESS } from "../task.ts";
import { runWorker, type WorkerOptions } from "./worker.ts";
import { makeWorkerParts } from "./worker-parts.ts";

const never = new AbortController().signal;

describe("runWorker", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let broker: MemoryBroker;
  let namespaces: Namespaces;
  let stop: AbortController;
  let sandbox: FakeSandbox;
  let release: (_: unknown) => void;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    broker = new MemoryBroker();
    namespaces = new Namespaces({ dbPath: folder.path });
    stop = new AbortController();
    const held = new Promise((resolve) => {
      release = resolve;
    });
    const runs = async () => ended(sandbox.ran.length);
    sandbox = new FakeSandbox({ hold: () => held.then(() => ended("held")), "1": runs, "2": runs, "3": runs });
  });
  afterEach(async () => {
    await broker.close();
    await namespaces.close();
    await folder.remove();
  });

  const run = async (options: WorkerOptions = {}) => {
    const verifier = await chooseVerifier();
    const onError = (error: unknown) => expect.fail(String(error));
    const parts = makeWorkerParts({ broker, sandbox, namespaces, verifier, open: true, onError });
    return runWorker(parts, options, stop.signal);
  };
  let tasks = 0;
  const submit = (script: string, circle: PublicKey): Promise<Outcome> => {
    const id = `task-${tasks++}` as TaskId;
    const texts = { script, args: "null", hashes: hashTask({ script, args: "null" }) };
    const deadline = Date.now() + 60_000;
    const task = { id, circle, caller: alice.publicKey, ...texts, deadline, proof: VOUCHED_IN_PROCESS };
    const outcome = broker.submit(task, {}, never);
    outcome.catch(() => {});
    return outcome;
  };

  it("[WK10] plays the tasks of one circle one after the other, those of others meanwhile", async () => {
    const working = run();
    const held = submit("hold", alice.publicKey);
    const behind = submit("1", alice.publicKey);
    await expect.poll(() => sandbox.ran).toEqual(["hold"]); // opening a circle may take longer than a play in another
    expect(await submit("2", bob.publicKey)).toMatchObject({ status: "completed" });
    expect(sandbox.ran).toEqual(["hold", "2"]);
    release(undefined);
    expect(await Promise.all([held, behind])).toMatchObject([{ output: '"held"' }, { output: "3" }]);
    stop.abort();
    await working;
  });

  it("[WK10] serves as many circles at the same time as it is told", async () => {
    const working = run({ concurrency: 2 });
    const circles = [alice, bob, mallory].map(({ publicKey }) => publicKey);
    const held = circles.map((circle) => submit("hold", circle));
    await expect.poll(() => sandbox.ran).toEqual(["hold", "hold"]);
    release(undefined);
    await Promise.all(held);
    expect(sandbox.ran).toEqual(["hold", "hold", "hold"]);
    stop.abort();
    await working;
  });

  it("[WK10] finishes what it took when it is told to stop, and takes nothing more", async () => {
    const working = run();
    const held = submit("hold", alice.publicKey);
    await expect.poll(() => sandbox.ran).toEqual(["hold"]);
    stop.abort();
    const late = submit("1", bob.publicKey);
    release(undefined);
    expect(await held).toMatchObject({ status: "completed" });
    await working;
    expect(sandbox.ran).toEqual(["hold"]);
    await broker.close();
    await expect(late).rejects.toThrow(/closed/);
  });

  it("[BR12] that serves one circle leaves the others alone", async () => {
    const working = run({ circles: new Set([bob.publicKey]) });
    void submit("1", alice.publicKey);
    expect(await submit("2", bob.publicKey)).toMatchObject({ status: "completed" });
    expect(sandbox.ran).toEqual(["2"]);
    stop.abort();
    await working;
  });

  it("[WK10] ends with an error when its broker does, and is not told to stop", async () => {
    const working = run();
    await broker.close();
    await expect(working).rejects.toThrow(/closed/);
  });
});
