import { setMaxListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import { type Event, type Outcome, type Task, type TaskKey, taskKey } from "../task.ts";
import { type Broker, type Claim, type Notice, type TakeOptions, UnknownTask } from "./broker.ts";
import { ended, heard, heldAs, laneOf, refusal, type Said, taken } from "./broker-contract-words.ts";
import { GAP_TOPIC } from "./topic-notices.ts";

/** Processes that share one broker's tasks. */
export type Processes = {
  /** Where tasks are submitted and followed, each at one of them. */
  readonly gateways: readonly Broker[];
  readonly worker: Broker;
  /** Ends the worker's process in order, and starts another one. Left out where there is only one process. */
  readonly replaceWorker?: () => Promise<void>;
  /** How long a worker of which nothing is heard keeps its circles. Left out where it keeps them whatever happens. */
  readonly leaseMs?: number;
  /** Lets time pass, in which no process does anything. Left out where they go by a clock that nobody holds. */
  readonly pass?: (ms: number) => void;
  readonly close: () => Promise<void>;
};

/** A gateway and a worker with one broker, as in a relay that is one process. */
export function inOneProcess(broker: Broker): Processes {
  return { gateways: [broker], worker: broker, close: () => broker.close() };
}

const NO_CIRCLE = `02${"0".repeat(64)}` as PublicKey;
const NO_TASK = "none" as TaskId;
/** More than a process asks for, one after the other, when it wakes up or begins. */
const MOST_QUESTIONS = 40;
const MOST_SILENCE_NS = 5_000_000_000n;
const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

/** Leads a broker by the same calls as its model, and writes down what it says in the same words. */
export class LedBroker {
  readonly said: Said[] = [];
  readonly #processes: Processes;
  /** By number; of a taker, a follower or a listener. */
  readonly #waits = new Map<number, AbortController>();
  readonly #claims = new Map<number, Claim>();
  readonly #fences = new Map<PublicKey, number>();
  /** The last of each circle, and how many it had. */
  readonly #leases = new Map<PublicKey, { id: number; count: number }>();
  /** Those that wait for tasks. */
  readonly #takers = new Set<number>();
  #turn = 0;
  #settled = 0;
  readonly #heard = new WeakMap<Broker, number>();

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  get leaseMs(): number | undefined {
    return this.#processes.leaseMs;
  }

  get hasLeases(): boolean {
    return this.leaseMs !== undefined;
  }

  get hasClock(): boolean {
    return this.#processes.pass !== undefined;
  }

  submit(number: number, task: Task, after: number): void {
    this.#watch(number, this.#gateway.submit(task, { after, ...this.#hears(number) }, this.#wait(number)));
  }

  follow(number: number, key: TaskKey, after: number): void {
    this.#watch(number, this.#gateway.follow(key, { after, ...this.#hears(number) }, this.#wait(number)));
  }

  take(number: number, options: TakeOptions): void {
    this.#takers.add(number);
    const taking = this.#processes.worker.take(options, this.#wait(number));
    taking
      .finally(() => this.#takers.delete(number))
      .then(
        (claim) => {
          this.#claims.set(number, claim);
          this.#say(number, this.#taken(claim));
        },
        (error: unknown) => this.#say(number, refusal(error)),
      );
  }

  abort(number: number): void {
    this.#waits.get(number)?.abort();
  }

  emit(number: number, key: TaskKey, event: Event): void {
    this.#processes.worker.emit(this.#claim(number), key, event);
  }

  finish(number: number, key: TaskKey, outcome: Outcome): Promise<boolean> {
    return this.#processes.worker.finish(this.#claim(number), key, outcome);
  }

  setAside(number: number, key: TaskKey, event: Event): Promise<boolean> {
    return this.#processes.worker.setAside(this.#claim(number), key, event);
  }

  resume(task: Task): Promise<void> {
    return this.#processes.worker.resume(task);
  }

  release(number: number): Promise<void> {
    return this.#processes.worker.release(this.#claim(number));
  }

  cancel(key: TaskKey): Promise<boolean> {
    return this.#gateway.cancel(key).then(
      () => true,
      (error) => !(error instanceof UnknownTask),
    );
  }

  find(circle: PublicKey, id: TaskId): Promise<TaskKey | undefined> {
    return this.#gateway.find(circle, id);
  }

  depth(): Promise<number> {
    return this.#gateway.depth();
  }

  listen(number: number, circle: PublicKey): void {
    const onNotice = ({ topic, data }: Notice) => this.#say(number, `${topic} ${String(data)}`);
    this.#gateway.listen(circle, (notice) => isGap(notice) || onNotice(notice), this.#wait(number));
  }

  notify(circle: PublicKey, notice: Notice): void {
    this.#gateway.notify(circle, notice);
  }

  /** `held`: claims that are under way. Where the worker has no process of its own, they are given back. */
  async leave(held: readonly number[]): Promise<void> {
    if (this.#processes.replaceWorker) await this.#processes.replaceWorker();
    else for (const number of held) await this.release(number);
    for (let i = 0; i < MOST_QUESTIONS; i++) await this.#answered(this.#all);
  }

  /** `lost`: claims that this ends where there are leases; elsewhere they are given back. */
  async pass(ms: number, lost: readonly number[]): Promise<void> {
    await this.settle(); // who owes an answer for so long is taken for dead
    this.#processes.pass?.(ms);
    const isKnown = lost.every((number) => this.#claim(number).lost.aborted);
    // Before it has heard anything: another one may have the circle already.
    if (this.hasLeases && !isKnown)
      throw new Error("broker: expected it to know by its own clock that claims are lost");
    if (!this.hasLeases) for (const number of lost) await this.release(number);
    for (let i = 0; i < MOST_QUESTIONS; i++) await this.#answered(this.#all);
  }

  /** Takes from as many lanes and gives it all back, in the order of the lanes' names. */
  async census(mostTasks: number, lanes: number): Promise<string[]> {
    const { worker } = this.#processes;
    const found = await Promise.all(
      Array.from({ length: lanes }, async () => {
        const claim = await worker.take({ mostTasks }, AbortSignal.timeout(MOST_CENSUS_MS));
        return { claim, text: this.#taken(claim) };
      }),
    );
    const byLane = found.toSorted((a, b) => (laneOf(a.claim) < laneOf(b.claim) ? -1 : 1));
    for (const { claim } of byLane) {
      await worker.release(claim);
      await this.settle();
    }
    return byLane.map(({ text }) => text);
  }

  /** What is known of the tasks that a claim is to hold. */
  held(claims: ReadonlyMap<number, readonly TaskKey[]>): string[] {
    return Array.from(claims).flatMap(([number, keys]) => {
      const { circle, tasks, lease } = this.#claim(number);
      return tasks
        .filter(({ key }) => keys.includes(key))
        .map(({ key, cancelled, attempts }) => {
          const leased = this.hasLeases ? { attempts, lease: this.#leaseNumbered(circle, lease) } : {};
          return heldAs({ number, key, cancelled: cancelled.aborted, ...leased });
        });
    });
  }

  hasClaim(number: number): boolean {
    return this.#claims.has(number);
  }

  lost(): number[] {
    return Array.from(this.#claims.keys()).filter((number) => this.#claim(number).lost.aborted);
  }

  /**
   * Resolves when whatever was asked of any process has been done, and each has heard of it: calls come in their order,
   * and messages in theirs. @throws if a message is lost.
   */
  async settle(): Promise<void> {
    await this.#answered(this.#all);
    await this.#heardOf();
    await this.#answered(this.#all);
    // A worker that hears of tasks asks for all who take there, one after the other, and perhaps once more.
    for (let i = 0; i < 2 * this.#takers.size; i++) await this.#answered([this.#processes.worker]);
    await setImmediate(); // every promise that can settle has settled
  }

  async #answered(brokers: readonly Broker[]): Promise<void> {
    await Promise.all(brokers.map((broker) => broker.find(NO_CIRCLE, NO_TASK)));
  }

  async #heardOf(): Promise<void> {
    const notice = { topic: "settle", data: ++this.#settled };
    const giveUp = process.hrtime.bigint() + MOST_SILENCE_NS;
    const all = this.#all;
    for (const broker of all) {
      if (this.#heard.has(broker)) continue;
      broker.listen(NO_CIRCLE, (one) => isGap(one) || this.#heard.set(broker, Number(one.data)), NEVER);
      await broker.find(NO_CIRCLE, NO_TASK);
    }
    all[0]?.notify(NO_CIRCLE, notice);
    while (all.some((broker) => this.#heard.get(broker) !== notice.data)) {
      if (process.hrtime.bigint() > giveUp) throw new Error("processes: expected a notice to reach all, got silence");
      await setImmediate();
    }
  }

  get #all(): Broker[] {
    const { gateways, worker } = this.#processes;
    return Array.from(new Set([...gateways, worker]));
  }

  /** Each has its turn: what one asks, another one hears. */
  get #gateway(): Broker {
    const { gateways } = this.#processes;
    const gateway = gateways[this.#turn++ % gateways.length];
    if (!gateway) throw new Error("processes: expected a gateway, got none");
    return gateway;
  }

  #claim(number: number): Claim {
    const claim = this.#claims.get(number);
    if (!claim) throw new Error(`claim ${number}: expected it to be taken`);
    return claim;
  }

  #wait(number: number): AbortSignal {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    this.#waits.set(number, controller);
    return controller.signal;
  }

  #hears(number: number) {
    return { onEvent: (event: Event) => this.#say(number, heard(event)) };
  }

  #watch(number: number, outcome: Promise<Outcome>): void {
    outcome.then(
      (outcome) => this.#say(number, ended(outcome)),
      (error: unknown) => this.#say(number, refusal(error)),
    );
  }

  #taken({ circle, lane, fence, lease, tasks }: Claim): string {
    const wrong: string[] = [];
    if (fence <= (this.#fences.get(circle) ?? 0)) wrong.push("a fence that did not rise");
    if (tasks.some(({ task }) => task.lane !== lane || task.circle !== circle)) wrong.push("a task of another lane");
    if (tasks.some(({ key, task }) => key !== taskKey(task))) wrong.push("a key of another task");
    const last = this.#leases.get(circle);
    if (lease < (last?.id ?? 0)) wrong.push("a lease that fell");
    if (this.#processes.worker.leaseOf(circle) !== lease) wrong.push("a lease that the worker does not know");
    this.#fences.set(circle, fence);
    if (lease !== last?.id) this.#leases.set(circle, { id: lease, count: (last?.count ?? 0) + 1 });
    const now = tasks.map(({ key, task, said, cancelled }) => ({ key, task, said, isCancelled: cancelled.aborted }));
    return [...wrong, taken(now)].join("\n");
  }

  #leaseNumbered(circle: PublicKey, lease: number): number {
    const last = this.#leases.get(circle);
    return last?.id === lease ? last.count : 0;
  }

  #say(number: number, what: string): void {
    this.said.push({ number, what });
  }
}

/** Only one that fails waits for so long. */
const MOST_CENSUS_MS = 5_000;

/** Comes whenever something may have been lost, which no model knows. */
function isGap({ topic }: Notice): boolean {
  return topic === GAP_TOPIC;
}
