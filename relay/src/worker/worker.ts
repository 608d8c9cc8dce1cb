import { setMaxListeners } from "node:events";
import { ErrorCode, type PublicKey, WireError } from "@circles/sdk/protocol";
import type { Broker, Claim, ClaimedTask } from "../broker/broker.ts";
import type { Outcome } from "../task.ts";
import { type PlayParts, playTask } from "./play-task.ts";

export type WorkerParts = PlayParts & {
  readonly broker: Broker;
  /** Told of what should not happen. */
  readonly onError: (error: unknown, claimed: ClaimedTask) => void;
};

export type WorkerOptions = {
  /** Serve these circles only; all if left out. */
  readonly circles?: ReadonlySet<PublicKey>;
  /** Circles served at the same time. Many more than threads, because most of the time they wait for a disk. Default 64. */
  readonly concurrency?: number;
};

/** Tasks of one circle before the next circle has its turn. */
const TASKS_PER_CLAIM = 8;

/** Plays tasks, those of one circle one after the other. Resolves when `signal` aborts, after finishing what it took. */
export async function runWorker(parts: WorkerParts, options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { circles, concurrency = 64 } = options;
  const take = { mostTasks: TASKS_PER_CLAIM, ...(circles ? { circles } : {}) };
  const serveAll = async () => {
    for (;;) {
      const claim = await parts.broker.take(take, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (!claim) return;
      for (const claimed of claim.tasks) await serve(parts, claim, claimed);
    }
  };
  setMaxListeners(0, signal); // one for each circle that could be served
  await Promise.all(Array.from({ length: concurrency }, serveAll));
}

async function serve(parts: WorkerParts, claim: Claim, claimed: ClaimedTask): Promise<void> {
  const { broker, onError } = parts;
  let outcome: Outcome;
  try {
    outcome = await playTask(parts, claimed, (event) => broker.emit(claim, claimed.key, event));
  } catch (error) {
    if (!(error instanceof WireError)) onError(error, claimed);
    outcome = { status: "error", failure: failureOf(error) };
  }
  await broker.finish(claim, claimed.key, outcome);
}

function failureOf(error: unknown) {
  if (error instanceof WireError) return { code: error.code, message: error.message, data: error.data };
  // Perhaps it is in the log and perhaps not: sent again under the same id, the play is answered or played.
  return { code: ErrorCode.InternalError, message: "internal error", data: { outcome: "unknown" } };
}
