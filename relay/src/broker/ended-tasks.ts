import type { Event, Outcome, Task, TaskKey } from "../task.ts";

export type EndedTask = {
  /** Not all of it: its script and arguments are not kept. */
  readonly task: Pick<Task, "circle" | "id" | "hashes">;
  readonly events: readonly Event[];
  readonly outcome: Outcome;
};

/** Output of a play is kept for those who attach late. */
const KEPT_MS = 10 * 60 * 1000;
/**
 * Characters of outputs, events and outcomes that are kept at most; then the oldest go first, and the log alone has the outcome.
 * Tasks that said something have room of their own: what they said is nowhere else, and tasks that say nothing come by the
 * thousands. Those are few: each that is kept lives long enough to be moved among what stays, which costs more than all
 * else that is collected of it.
 */
const MOST_CHARACTERS = { ofLoud: 32 * 2 ** 20, ofQuiet: 2 * 2 ** 20 };
/** What an ended task costs beside its texts. */
const OVERHEAD_CHARACTERS = 512;

type OnForgotten = (key: TaskKey, task: EndedTask["task"]) => void;

/** Tasks that ended a short while ago. */
export class EndedTasks {
  readonly #loud: Shelf;
  readonly #quiet: Shelf;

  constructor(onForgotten: OnForgotten = () => {}) {
    this.#loud = new Shelf(MOST_CHARACTERS.ofLoud, onForgotten);
    this.#quiet = new Shelf(MOST_CHARACTERS.ofQuiet, onForgotten);
  }

  add(key: TaskKey, ended: EndedTask): void {
    this.forget(key); // its time may be over, and the same play have ended again
    const shelf = ended.events.length > 0 ? this.#loud : this.#quiet;
    shelf.add(key, ended);
  }

  get(key: TaskKey): EndedTask | undefined {
    return this.#loud.get(key) ?? this.#quiet.get(key);
  }

  /** Nothing happens if it is not here. */
  forget(key: TaskKey): void {
    this.#loud.forget(key);
    this.#quiet.forget(key);
  }
}

/** Tasks that ended, as many as have room. */
class Shelf {
  /** Oldest first. */
  readonly #tasks = new Map<TaskKey, EndedTask & { until: number; characters: number }>();
  readonly #mostCharacters: number;
  readonly #onForgotten: OnForgotten;
  #characters = 0;

  constructor(mostCharacters: number, onForgotten: OnForgotten) {
    this.#mostCharacters = mostCharacters;
    this.#onForgotten = onForgotten;
  }

  add(key: TaskKey, ended: EndedTask): void {
    const characters = sizeOf(ended);
    const now = Date.now();
    this.#tasks.set(key, { ...ended, until: now + KEPT_MS, characters });
    this.#characters += characters;
    for (const [oldest, { until }] of this.#tasks) {
      if (this.#characters <= this.#mostCharacters && until > now) return;
      this.forget(oldest);
    }
  }

  get(key: TaskKey): EndedTask | undefined {
    const task = this.#tasks.get(key);
    return task && task.until > Date.now() ? task : undefined;
  }

  forget(key: TaskKey): void {
    const known = this.#tasks.get(key);
    if (!known) return;
    this.#tasks.delete(key);
    this.#characters -= known.characters;
    this.#onForgotten(key, known.task);
  }
}

function sizeOf({ events, outcome }: EndedTask): number {
  const said = events.reduce((sum, { data }) => sum + JSON.stringify(data).length, 0);
  const output = "output" in outcome ? outcome.output.length : JSON.stringify(outcome.failure).length;
  return OVERHEAD_CHARACTERS + said + output;
}
