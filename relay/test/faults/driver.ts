/**
 * A worker with all its parts that plays a schedule, in a process that may be killed at any step. Says each outcome on
 * standard output as soon as it is one. Called with: folder, seed, plays, then the number of the first play of each circle.
 */
import { writeSync } from "node:fs";
import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import { MemoryBroker } from "../../src/broker/memory-broker.ts";
import { Namespaces } from "../../src/namespace/namespaces.ts";
import type { SnapshotSource } from "../../src/namespace/snapshot.ts";
import { ThreadPool } from "../../src/sandbox/pool-node.ts";
import { siblingModule } from "../../src/sandbox/sibling-module-node.ts";
import { chooseVerifier } from "../../src/signatures/verifier.ts";
import { hashTask, VOUCHED_IN_PROCESS } from "../../src/task.ts";
import { runWorker } from "../../src/worker/worker.ts";
import { closeWorkerParts, makeWorkerParts } from "../../src/worker/worker-parts.ts";
import { alice, bob } from "../people.ts";
import { playAt, SCRIPT } from "./schedule.ts";

const [dbPath = "", seed = "", count = "0", ...first] = process.argv.slice(2);
const circles = [alice.publicKey, bob.publicKey];

const thread = siblingModule("../../src/worker/play-thread", import.meta.url);
const sandbox = await ThreadPool.start<SnapshotSource>({ thread, threads: 1 });
// Segments so small that every few plays a new one begins, with its checkpoint.
const namespaces = new Namespaces({ dbPath, segmentBytes: 4_096 });
const broker = new MemoryBroker();
const verifier = await chooseVerifier();
const onError = (error: unknown) => process.stderr.write(`${String(error)}\n`);
const parts = makeWorkerParts({ broker, sandbox, namespaces, verifier, open: false, onError });
const stop = new AbortController();
const worker = runWorker(parts, {}, stop.signal);

async function playAll(circle: PublicKey, index: number): Promise<void> {
  const from = Number(first[index]);
  const plays = Array.from({ length: Number(count) }, async (_, k) => {
    const i = from + k;
    const texts = { script: SCRIPT, args: JSON.stringify(playAt(`${seed}/${index}`, i)) };
    const id = `${seed}-play-${String(i).padStart(16, "0")}` as TaskId;
    const task = {
      id,
      circle,
      caller: circle,
      ...texts,
      hashes: hashTask(texts),
      deadline: Date.now() + 60_000,
      proof: VOUCHED_IN_PROCESS,
    };
    const outcome = await broker.submit(task, {}, stop.signal);
    if (!outcome.log) return;
    const value = outcome.status === "completed" ? outcome.output : outcome.status;
    writeSync(1, `outcome ${index} ${i} ${value} ${outcome.log.seq} ${outcome.log.hash}\n`);
  });
  await Promise.all(plays);
}

await Promise.all(circles.map(playAll));
stop.abort();
await worker;
await sandbox.close();
await broker.close();
await closeWorkerParts(parts);
await namespaces.close();
