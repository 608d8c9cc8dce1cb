import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import type { Event, Outcome, TaskHashes, TaskKey } from "../task.ts";

export type EndedTask = { readonly hashes: TaskHashes; readonly events: readonly Event[]; readonly outcome: Outcome };

/** Output of a play is kept for those who attach late. */
const KEPT_MS = 10 * 60 * 1000;
/** Characters of outputs and events that are kept at most; then the oldest go first, and the log alone has the outcome. */
const MOST_CHARACTERS = 8 * 2 ** 20;
/** What an ended task costs beside its texts. */
const OVERHEAD_CHARACTERS = 512;

/** Tasks that ended a short while ago. */
export class EndedTasks {
  /** Oldest first. */
  readonly #tasks = new Map<TaskKey, EndedTask & { until: number; characters: number }>();
  #characters = 0;

  add(key: TaskKey, task: EndedTask): void {
    this.#forget(key); // its time may be over, and the same play have ended again
    const characters = sizeOf(task);
    const now = Date.now();
    this.#tasks.set(key, { ...task, until: now + KEPT_MS, characters });
    this.#characters += characters;
    for (const [oldest, { until }] of this.#tasks) {
      if (this.#characters <= MOST_CHARACTERS && until > now) return;
      this.#forget(oldest);
    }
  }

  get(key: TaskKey): EndedTask | undefined {
    const task = this.#tasks.get(key);
    return task && task.until > Date.now() ? task : undefined;
  }

  /** The key of a task by its id, whoever its caller was. */
  find(circle: PublicKey, id: TaskId): TaskKey | undefined {
    for (const key of this.#tasks.keys()) {
      if (key.startsWith(circle) && key.endsWith(`/${id}`) && this.get(key)) return key;
    }
    return undefined;
  }

  #forget(key: TaskKey): void {
    this.#characters -= this.#tasks.get(key)?.characters ?? 0;
    this.#tasks.delete(key);
  }
}

function sizeOf({ events, outcome }: EndedTask): number {
  const said = events.reduce((sum, { data }) => sum + JSON.stringify(data).length, 0);
  const output = outcome.status === "completed" ? outcome.output.length : JSON.stringify(outcome.failure).length;
  return OVERHEAD_CHARACTERS + said + output;
}
