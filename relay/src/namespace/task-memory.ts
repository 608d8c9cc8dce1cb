import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import type { Place } from "./read-log.ts";

type Remembered = { readonly place: Place; readonly until: number };

/** Where in the log the outcome of each task stands that may be asked for again. Forgets by itself. */
export class TaskMemory {
  readonly #tasks = new Map<string, Remembered>();
  #sweepAt = 1_024;

  /** `until` in Unix seconds. */
  remember(caller: PublicKey, task: TaskId, place: Place, until: number): void {
    this.#tasks.set(`${caller}/${task}`, { place, until });
    if (this.#tasks.size < this.#sweepAt) return;
    const now = Date.now() / 1000;
    for (const [key, remembered] of this.#tasks) if (remembered.until < now) this.#tasks.delete(key);
    // Sweeping again only after as many more keeps its cost per task constant.
    this.#sweepAt = Math.max(1_024, 2 * this.#tasks.size);
  }

  recall(caller: PublicKey, task: TaskId): Place | undefined {
    const remembered = this.#tasks.get(`${caller}/${task}`);
    return remembered && remembered.until >= Date.now() / 1000 ? remembered.place : undefined;
  }
}
