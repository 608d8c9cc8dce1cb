import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import { type Event, isSamePlay, type Outcome, type Task, type TaskKey, taskKey } from "../task.ts";
import type { BrokerLimits, Notice, TakeOptions } from "./broker.ts";
import { ModelLeases } from "./broker-contract-model-leases.ts";
import { limitReached } from "./broker-contract-model-room.ts";
import { busy, ended, heard, heldAs, laneOf, type Said, type Taken, taken } from "./broker-contract-words.ts";

type Wait = { readonly number: number; readonly after: number };
type ModelTask = {
  task: Task;
  readonly events: Event[];
  waits: Wait[];
  cancelled: boolean;
  /** Number of the last event that was said before it was set aside. */
  said: number;
  /** How many workers died while they had it. */
  attempts: number;
  outcome: Outcome | undefined;
  /** In ms since the model was made. */
  endedAt: number;
};
type Taker = TakeOptions & { readonly number: number };
type Listener = { readonly number: number; readonly circle: PublicKey };
export type ModelOptions = {
  readonly limits: BrokerLimits;
  /** How long a worker of which nothing is heard keeps its circles, if anything ends that. */
  readonly leaseMs?: number | undefined;
};

const KEPT_MS = 10 * 60_000;
const MOST_ASIDE = { ofCircle: 1_000, ofCaller: 20 };

/**
 * A broker the slow and obvious way: a few lists, searched through for every question. It says what happens as lines of
 * text. Waits, takers and listeners have the numbers that the test gives them; a claim has that of its taker.
 */
export class BrokerModel {
  readonly said: Said[] = [];
  readonly #limits: BrokerLimits;
  /** Every task there ever was, in the order of submission. */
  readonly #tasks: ModelTask[] = [];
  /** What waits in line, in all lanes, in order. */
  #queue: ModelTask[] = [];
  #aside: ModelTask[] = [];
  /** What is left of each claim that is not over. */
  readonly #claims = new Map<number, ModelTask[]>();
  /** What each claim got that there ever was. */
  readonly #taken = new Map<number, readonly Task[]>();
  #takers: Taker[] = [];
  /** Lanes in the order of their turns. */
  #line: string[] = [];
  #listeners: Listener[] = [];
  readonly #leases: ModelLeases;
  readonly #lost: number[] = [];
  #nowMs = 0;

  constructor({ limits, leaseMs }: ModelOptions) {
    this.#limits = limits;
    this.#leases = new ModelLeases(leaseMs);
  }

  submit(number: number, task: Task, after: number): void {
    const known = this.#find(taskKey(task));
    const full = limitReached(task, this.#inRoom(), this.#limits);
    if (known && !isSamePlay(known.task.hashes, task.hashes)) this.#say(number, "-32009");
    else if (known) this.#follow(known, { number, after });
    else if (full) this.#say(number, busy(full));
    else this.#add(task, [{ number, after }]);
  }

  follow(number: number, key: TaskKey, after: number): void {
    const known = this.#find(key);
    if (known) this.#follow(known, { number, after });
    else this.#say(number, "UnknownTask");
  }

  take(number: number, options: TakeOptions): void {
    this.#leases.wanted();
    this.#takers.push({ number, ...options });
    this.#serve();
  }

  abort(number: number): void {
    const waited = this.#tasks.filter(({ waits }) => waits.some((wait) => wait.number === number));
    for (const one of waited) one.waits = one.waits.filter((wait) => wait.number !== number);
    const took = this.#takers.filter((taker) => taker.number === number);
    this.#takers = this.#takers.filter((taker) => taker.number !== number);
    this.#listeners = this.#listeners.filter((listener) => listener.number !== number);
    if (waited.length + took.length > 0) this.#say(number, "aborted");
  }

  emit(claim: number, key: TaskKey, event: Event): void {
    const one = this.#held(claim, key);
    if (one && !one.events.some(({ seq }) => seq === event.seq)) this.#tell(one, event);
  }

  /** The number of the event that comes next; a task that runs again also repeats those before it. */
  nextEvent(claim: number, key: TaskKey): number {
    return (this.#held(claim, key)?.events.length ?? 0) + 1;
  }

  finish(claim: number, key: TaskKey, outcome: Outcome): boolean {
    const one = this.#held(claim, key);
    if (!one) return false;
    one.outcome = outcome;
    one.endedAt = this.#nowMs;
    for (const { number } of one.waits.splice(0)) this.#say(number, ended(outcome));
    this.#drop(claim, one);
    return true;
  }

  setAside(claim: number, key: TaskKey, event: Event): boolean {
    const one = this.#held(claim, key);
    if (!one || this.#isFullAside(one.task)) return false;
    this.#tell(one, { ...event, seq: Math.max(event.seq, one.events.length + 1) });
    one.said = one.events.length;
    if (one.cancelled) this.#queue.push(one);
    else this.#aside.push(one);
    this.#drop(claim, one);
    return true;
  }

  resume(task: Task): void {
    const known = this.#find(taskKey(task));
    if (!known) this.#add(task, []);
    else if (this.#aside.includes(known)) {
      const { trace, queuedAt } = known.task;
      this.#resume(known, { ...task, trace: task.trace ?? trace, queuedAt: task.queuedAt ?? queuedAt });
    }
  }

  release(claim: number): void {
    this.#queue.unshift(...(this.#claims.get(claim) ?? []));
    this.#claims.delete(claim);
    this.#serve();
  }

  cancel(key: TaskKey): boolean {
    const known = this.#find(key);
    if (known && !known.outcome) known.cancelled = true;
    if (known && this.#aside.includes(known)) this.#resume(known, known.task);
    return known !== undefined;
  }

  /** What an owner finds under an id: the oldest task that has not ended, or the oldest. */
  find(circle: PublicKey, id: TaskId): TaskKey | undefined {
    const known = this.#tasks.filter((one) => {
      return one.task.circle === circle && one.task.id === id && this.#isRemembered(one);
    });
    const found = known.find(({ outcome }) => !outcome) ?? known[0];
    return found && taskKey(found.task);
  }

  depth(): number {
    return this.#inRoom().length;
  }

  listen(number: number, circle: PublicKey): void {
    this.#listeners.push({ number, circle });
  }

  notify(circle: PublicKey, { topic, data }: Notice): void {
    for (const one of this.#listeners) if (one.circle === circle) this.#say(one.number, `${topic} ${String(data)}`);
  }

  /** The worker's process ends in order. Nobody takes. */
  leave(): void {
    this.#leases.end();
    this.#giveAllBack({ attempts: 0 });
  }

  /** Nothing happens for so long, in any process; then all go on. Nobody takes, if this ends claims. */
  pass(ms: number): void {
    this.#nowMs += ms;
    const isOver = this.#leases.endsWithin(ms);
    this.#leases.pass(ms, { isWanted: this.#takers.length + this.#claims.size > 0 });
    if (!isOver) return;
    this.#lost.push(...this.#claims.keys());
    this.#giveAllBack({ attempts: 1 });
    if (this.#takers.length > 0) this.#leases.wanted();
  }

  /** Does this end claims? */
  endsClaims(ms: number): boolean {
    return this.#claims.size > 0 && this.#leases.endsWithin(ms);
  }

  /**
   * Takes from every lane and gives back, which says in which order lanes have their turns from then on. For when that is
   * left open, no claim being under way.
   */
  census(mostTasks: number): string[] {
    this.#line = this.lanesInLine();
    if (this.#line.length > 0) this.#leases.wanted();
    return this.#line.map((lane) => {
      const first = this.#first(lane, mostTasks);
      for (const { task } of first) this.#leases.claimed(task.circle);
      return taken(first.map(asTaken));
    });
  }

  /** Lanes in which tasks wait, by name. */
  lanesInLine(): string[] {
    return Array.from(new Set(this.#queue.map(({ task }) => laneOf(task)))).toSorted();
  }

  /** Claims that are not over, and the keys of the tasks that each still holds. */
  claims(): Map<number, TaskKey[]> {
    return new Map(Array.from(this.#claims, ([number, tasks]) => [number, tasks.map(({ task }) => taskKey(task))]));
  }

  /** Claims that there ever were, and what they got. */
  taken(): ReadonlyMap<number, readonly Task[]> {
    return this.#taken;
  }

  /** What holders of claims know of their tasks; of leases and attempts only where there are leases. */
  held({ hasLeases }: { readonly hasLeases: boolean }): string[] {
    return Array.from(this.#claims).flatMap(([number, tasks]) =>
      tasks.map(({ task, cancelled, attempts }) => {
        const lease = hasLeases ? { attempts, lease: this.#leases.of(task.circle) } : {};
        return heldAs({ number, key: taskKey(task), cancelled, ...lease });
      }),
    );
  }

  /** Claims that were lost. */
  lost(): number[] {
    return this.#lost;
  }

  /** Waits, takers and listeners. */
  waits(): number[] {
    const waits = this.#tasks.flatMap((one) => one.waits);
    return [...waits, ...this.#takers, ...this.#listeners].map(({ number }) => number);
  }

  takers(): number[] {
    return this.#takers.map(({ number }) => number);
  }

  /** How many are in line. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Are there tasks that run alone, because workers died while they had them? */
  get hasSuspects(): boolean {
    return this.#tasks.some(({ attempts, outcome }) => attempts > 0 && !outcome);
  }

  aside(): Task[] {
    return this.#aside.map(({ task }) => task);
  }

  /** All tasks that there ever were. */
  ever(): Task[] {
    return this.#tasks.map(({ task }) => task);
  }

  /** Those without an end. */
  live(): Task[] {
    return this.#tasks.filter(({ outcome }) => !outcome).map(({ task }) => task);
  }

  known(key: TaskKey): Task | undefined {
    return this.#find(key)?.task;
  }

  #add(task: Task, waits: Wait[]): void {
    const one = { task, events: [], waits, cancelled: false, said: 0, attempts: 0, outcome: undefined, endedAt: 0 };
    this.#tasks.push(one);
    this.#queue.push(one);
    this.#serve();
  }

  #resume(one: ModelTask, task: Task): void {
    one.task = task;
    this.#aside = this.#aside.filter((other) => other !== one);
    this.#queue.push(one);
    this.#serve();
  }

  #follow(one: ModelTask, wait: Wait): void {
    for (const event of one.events) this.#pass(event, wait);
    if (one.outcome) this.#say(wait.number, ended(one.outcome));
    else one.waits.push(wait);
  }

  #tell(one: ModelTask, event: Event): void {
    one.events.push(event);
    for (const wait of one.waits) this.#pass(event, wait);
  }

  #pass(event: Event, { number, after }: Wait): void {
    if (event.seq > after) this.#say(number, heard(event));
  }

  #find(key: TaskKey): ModelTask | undefined {
    return this.#tasks.find((one) => taskKey(one.task) === key && this.#isRemembered(one));
  }

  /** A task without an end, or with one that stands in the log since not long ago. */
  #isRemembered({ outcome, endedAt }: ModelTask): boolean {
    return !outcome || (outcome.log !== undefined && this.#nowMs - endedAt < KEPT_MS);
  }

  #held(claim: number, key: TaskKey): ModelTask | undefined {
    return this.#claims.get(claim)?.find(({ task }) => taskKey(task) === key);
  }

  /** Takes a task out of its claim, which is over when it was the last. */
  #drop(claim: number, one: ModelTask): void {
    const left = this.#claims.get(claim)?.filter((other) => other !== one) ?? [];
    this.#claims.set(claim, left);
    if (left.length === 0) this.#claims.delete(claim);
    this.#serve();
  }

  #giveAllBack({ attempts }: { readonly attempts: number }): void {
    for (const one of [...this.#claims.values()].flat()) one.attempts += attempts;
    for (const tasks of this.#claims.values()) this.#queue.unshift(...tasks);
    this.#claims.clear();
  }

  /** What waits or runs. What is set aside takes no room. */
  #inRoom(): Task[] {
    return [...this.#queue, ...[...this.#claims.values()].flat()].map(({ task }) => task);
  }

  #isFullAside(task: Task): boolean {
    const ofCircle = this.aside().filter(({ circle }) => circle === task.circle);
    const ofCaller = ofCircle.filter(({ caller }) => caller === task.caller);
    return ofCircle.length >= MOST_ASIDE.ofCircle || ofCaller.length >= MOST_ASIDE.ofCaller;
  }

  #serve(): void {
    const claimed = new Set([...this.#claims.values()].map(([one]) => one && laneOf(one.task)));
    const lanes = new Set(this.#queue.map(({ task }) => laneOf(task)).filter((lane) => !claimed.has(lane)));
    const inLine = this.#line.filter((lane) => lanes.has(lane));
    this.#line = [...inLine, ...[...lanes].filter((lane) => !inLine.includes(lane))];
    for (const lane of this.#line) {
      const waiting = this.#queue.filter(({ task }) => laneOf(task) === lane);
      const taker = this.#takers.find(({ circles }) => waiting.some(({ task }) => circles?.has(task.circle) ?? true));
      if (!taker) continue;
      const tasks = this.#first(lane, taker.mostTasks);
      for (const { task } of tasks) this.#leases.claimed(task.circle);
      this.#claims.set(taker.number, tasks);
      this.#taken.set(
        taker.number,
        tasks.map(({ task }) => task),
      );
      this.#queue = this.#queue.filter((one) => !tasks.includes(one));
      this.#takers = this.#takers.filter((other) => other !== taker);
      this.#line = this.#line.filter((other) => other !== lane);
      this.#say(taker.number, taken(tasks.map(asTaken)));
    }
  }

  /** What one claim of a lane gets: a task with which workers died runs alone, for it may be why. */
  #first(lane: string, mostTasks: number): ModelTask[] {
    const waiting = this.#queue.filter(({ task }) => laneOf(task) === lane);
    const suspect = waiting.findIndex(({ attempts }) => attempts > 0);
    return waiting.slice(0, suspect === -1 ? mostTasks : Math.min(mostTasks, Math.max(1, suspect)));
  }

  #say(number: number, what: string): void {
    this.said.push({ number, what });
  }
}

function asTaken({ task, said, cancelled }: ModelTask): Taken {
  return { key: taskKey(task), task, said, isCancelled: cancelled };
}
