import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "bullmq";

// BullMQ's worker with a sandboxed processor, a thread per processor, all in this process.
const { hostname: host, port } = new URL(process.argv[2] ?? "");
const processor = fileURLToPath(new URL("bullmq-processor.mjs", import.meta.url));
const worker = new Worker("bench", processor, {
  connection: { host, port: Number(port), maxRetriesPerRequest: null },
  useWorkerThreads: true,
  concurrency: availableParallelism(),
});
await worker.waitUntilReady();
process.on("SIGTERM", () => void worker.close().then(() => process.exit(0)));
process.stdout.write("ready at ws://nowhere/\n");
