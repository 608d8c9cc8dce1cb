import { setMaxListeners } from "node:events";
import type { PublicKey } from "@circles/sdk/protocol";
import { type ServeParts, serveClaim } from "./serve-claim.ts";

export type WorkerOptions = {
  /** Serve these circles only; all if left out. */
  readonly circles?: ReadonlySet<PublicKey>;
  /** Circles served at the same time. Many more than threads, because most of the time they wait for a disk. Default 64. */
  readonly concurrency?: number;
};

/** Tasks of one circle before the next circle has its turn. They share one message to a thread and one sync. */
const TASKS_PER_CLAIM = 64;

/** Plays tasks, those of one circle one after the other. Resolves when `signal` aborts, after finishing what it took. */
export async function runWorker(parts: ServeParts, options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { circles, concurrency = 64 } = options;
  const take = { mostTasks: TASKS_PER_CLAIM, ...(circles ? { circles } : {}) };
  const serveAll = async () => {
    for (;;) {
      const claim = await parts.broker.take(take, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (!claim) return;
      await serveClaim(parts, claim);
    }
  };
  setMaxListeners(0, signal); // one for each circle that could be served
  await Promise.all(Array.from({ length: concurrency }, serveAll));
}
