import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import type { Place, RememberedTask } from "./record.ts";

type Known = Pick<RememberedTask, "place" | "until">;

/** What a task takes in a checkpoint, about: keys and ids differ little in length. */
const CHECKPOINT_BYTES = 128;

/** Where in the log the outcome of each task stands that may be asked for again. Forgets by itself. */
export class TaskMemory {
  readonly #tasks = new Map<string, Known>();
  #sweepAt = 1_024;

  /** Bytes that a checkpoint would have of all tasks. Those whose time has passed may be among them until they are swept. */
  get checkpointBytes(): number {
    return CHECKPOINT_BYTES * this.#tasks.size;
  }

  remember({ caller, task, place, until }: RememberedTask): void {
    this.#tasks.set(`${caller}/${task}`, { place, until });
    if (this.#tasks.size < this.#sweepAt) return;
    for (const [key, known] of this.#tasks) if (!isCurrent(known)) this.#tasks.delete(key);
    // Sweeping again only after as many more keeps its cost per task constant.
    this.#sweepAt = Math.max(1_024, 2 * this.#tasks.size);
  }

  recall(caller: PublicKey, task: TaskId): Place | undefined {
    const known = this.#tasks.get(`${caller}/${task}`);
    return known && isCurrent(known) ? known.place : undefined;
  }

  /** Each as it is when its turn comes: more may be remembered meanwhile. */
  *all(): Generator<RememberedTask> {
    for (const [key, known] of this.#tasks) {
      if (!isCurrent(known)) continue;
      const slash = key.indexOf("/");
      yield { caller: key.slice(0, slash) as PublicKey, task: key.slice(slash + 1) as TaskId, ...known };
    }
  }
}

function isCurrent({ until }: Known): boolean {
  return until >= Date.now() / 1000;
}
