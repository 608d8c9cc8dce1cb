import { type Event, isSamePlay, type Outcome, type Task, type TaskKey, taskKey } from "../task.ts";
import type { TakeOptions } from "./broker.ts";

type Wait = { readonly number: number; readonly after: number };
type ModelTask = {
  readonly task: Task;
  readonly events: Event[];
  waits: Wait[];
  cancelled: boolean;
  outcome: Outcome | undefined;
};
type ModelClaim = { readonly circle: string; readonly tasks: readonly ModelTask[]; over: boolean };
type Taker = TakeOptions & { readonly number: number };

/**
 * A broker the slow and obvious way: one list of everything, searched through for every question. It says what happens
 * as lines of text. Waits and takers have the numbers that the test gives them.
 */
export class BrokerModel {
  readonly said: string[] = [];
  /** Every task there ever was, in the order of submission; of those given back, at their old place. */
  readonly #tasks: ModelTask[] = [];
  readonly #claims = new Map<number, ModelClaim>();
  #takers: Taker[] = [];
  /** Circles in the order of their turns. */
  #line: string[] = [];

  submit(number: number, task: Task, after: number): void {
    const known = this.#find(taskKey(task));
    if (known && !isSamePlay(known.task.hashes, task.hashes)) this.#say(number, -32009);
    else if (known) this.#follow(known, { number, after });
    else {
      this.#tasks.push({ task, events: [], waits: [{ number, after }], cancelled: false, outcome: undefined });
      this.#serve();
    }
  }

  follow(number: number, key: TaskKey, after: number): void {
    const known = this.#find(key);
    if (known) this.#follow(known, { number, after });
    else this.#say(number, "UnknownTask");
  }

  take(taker: Taker): void {
    this.#takers.push(taker);
    this.#serve();
  }

  abort(number: number): void {
    for (const one of this.#tasks.filter(({ waits }) => waits.some((wait) => wait.number === number))) {
      one.waits = one.waits.filter((wait) => wait.number !== number);
      this.#say(number, "aborted");
    }
    if (!this.#takers.some((taker) => taker.number === number)) return;
    this.#takers = this.#takers.filter((taker) => taker.number !== number);
    this.#say(number, "aborted");
  }

  emit(claim: number, key: TaskKey, event: Event): void {
    const one = this.#held(claim, key);
    if (!one || one.events.some(({ seq }) => seq === event.seq)) return;
    one.events.push(event);
    for (const { number, after } of one.waits) if (event.seq > after) this.#say(number, event.seq);
  }

  /** The number of the event that comes next; a task that runs again also repeats those before it. */
  nextEvent(claim: number, key: TaskKey): number {
    return (this.#held(claim, key)?.events.length ?? 0) + 1;
  }

  finish(claim: number, key: TaskKey, outcome: Outcome): boolean {
    const one = this.#held(claim, key);
    if (!one) return false;
    one.outcome = outcome;
    for (const { number } of one.waits.splice(0)) this.#say(number, outcome.status);
    const { tasks } = this.#claims.get(claim) ?? { tasks: [] };
    if (tasks.every(({ outcome }) => outcome)) this.release(claim);
    return true;
  }

  release(number: number): void {
    const claim = this.#claims.get(number);
    if (!claim || claim.over) return;
    claim.over = true;
    this.#serve();
  }

  cancel(key: TaskKey): boolean {
    const known = this.#find(key);
    if (known && !known.outcome) known.cancelled = true;
    return known !== undefined;
  }

  /** Which tasks of a claim, over or not, were cancelled. */
  cancelled(claim: number): boolean[] | undefined {
    return this.#claims.get(claim)?.tasks.map(({ cancelled }) => cancelled);
  }

  #follow(one: ModelTask, wait: Wait): void {
    for (const { seq } of one.events) if (seq > wait.after) this.#say(wait.number, seq);
    if (one.outcome) this.#say(wait.number, one.outcome.status);
    else one.waits.push(wait);
  }

  /** A task without an end, or with one that stands in the log. */
  #find(key: TaskKey): ModelTask | undefined {
    return this.#tasks.find(({ task, outcome }) => taskKey(task) === key && (!outcome || outcome.log));
  }

  #held(number: number, key: TaskKey): ModelTask | undefined {
    const claim = this.#claims.get(number);
    if (!claim || claim.over) return undefined;
    return claim.tasks.find(({ task, outcome }) => taskKey(task) === key && !outcome);
  }

  #serve(): void {
    const claimed = new Set([...this.#claims.values()].filter(({ over }) => !over).map(({ circle }) => circle));
    const waiting = this.#tasks.filter(({ task, outcome }) => !outcome && !claimed.has(task.circle));
    const circles = new Set<string>(waiting.map(({ task }) => task.circle));
    const inLine = this.#line.filter((circle) => circles.has(circle));
    this.#line = [...inLine, ...[...circles].filter((circle) => !inLine.includes(circle))];
    for (const circle of this.#line) {
      const taker = this.#takers.find(({ circles }) => !circles || (circles as ReadonlySet<string>).has(circle));
      if (!taker) continue;
      const tasks = waiting.filter(({ task }) => task.circle === circle).slice(0, taker.mostTasks);
      this.#claims.set(taker.number, { circle, tasks, over: false });
      this.#takers = this.#takers.filter((other) => other !== taker);
      this.#line = this.#line.filter((other) => other !== circle);
      this.#say(taker.number, tasks.map(({ task }) => taskKey(task)).join());
    }
  }

  #say(number: number, what: string | number): void {
    this.said.push(`${number}: ${what}`);
  }
}
