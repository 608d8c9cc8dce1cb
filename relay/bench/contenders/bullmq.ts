import { fileURLToPath } from "node:url";
import { Queue, QueueEvents } from "bullmq";
import { RedisServer } from "../../test/redis-server.ts";
import type { Ask } from "../load.ts";
import { startServer } from "../server-process.ts";
import type { Contender } from "./contender.ts";
import { PARAMS } from "./requests.ts";

/** Jobs that are awaited one by one, as its documentation shows, with a sandboxed processor: threads, its faster kind. */
export async function startBullMq(): Promise<Contender> {
  const redis = await RedisServer.start();
  const worker = await startServer([fileURLToPath(new URL("bullmq-worker.mjs", import.meta.url)), redis.url]);
  const { hostname: host, port } = new URL(redis.url);
  const connection = { host, port: Number(port) };
  // What is removed as it ends can be gone before it is awaited: "Missing key for job".
  const queue = new Queue("bench", { connection, defaultJobOptions: { removeOnComplete: 2_000 } });
  const events = new QueueEvents("bench", { connection });
  await events.waitUntilReady();
  for (const emitter of [queue, events]) emitter.setMaxListeners(0);
  const ask: Ask = (answered, failed) => {
    queue
      .add("play", PARAMS)
      .then((job) => job.waitUntilFinished(events))
      .then(answered, failed);
    return true;
  };
  return {
    name: "BullMQ",
    durability: "Redis keeps nothing on the disk",
    pids: [worker.pid, redis.pid],
    cases: [{ id: "bullmq/one/job", what: "sandboxed processor", prepare: () => ask }],
    async stop() {
      await Promise.all([events.close(), queue.close()]);
      await worker.stop();
      await redis.stop();
    },
  };
}
