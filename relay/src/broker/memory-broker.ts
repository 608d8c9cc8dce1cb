import { ErrorCode, type PublicKey, type TaskId, WireError } from "@circles/sdk/protocol";
import { type Event, isSamePlay, makeTrace, type Outcome, type Task, type TaskKey, taskKey } from "../task.ts";
import { Aside } from "./aside.ts";
import {
  type Broker,
  type BrokerLimits,
  type Claim,
  type FollowOptions,
  type Notice,
  type TakeOptions,
  UnknownTask,
} from "./broker.ts";
import { EndedTasks } from "./ended-tasks.ts";
import { sayAgain } from "./followers.ts";
import { type Line, type LineName, lineKey } from "./line.ts";
import { Notices } from "./notices.ts";
import { QueuedTask } from "./queued-task.ts";
import { busy, DEFAULT_LIMITS, MOST_IN_CONTROL_LANE, Room } from "./room.ts";
import { TaskIds } from "./task-ids.ts";
import { waitUntil } from "./wait.ts";

type Taker = {
  readonly options: TakeOptions;
  readonly give: (claim: Claim) => void;
  readonly reject: (e: unknown) => void;
};

/**
 * The broker of a relay that is one process. Everything is in memory: what a crash loses, its callers send again under
 * the same task id, and the circle's log knows whether it happened.
 */
export class MemoryBroker implements Broker {
  readonly #mostPerCircle: number;
  readonly #room: Room;
  readonly #tasks = new Map<TaskKey, QueuedTask>();
  /** Of what can be followed, in the order of submission. */
  readonly #ids = new TaskIds();
  readonly #ended = new EndedTasks((key, task) => this.#ids.delete(key, task));
  readonly #lines = new Map<string, Line>();
  /** Lines with tasks and no claim, in the order in which they get their turn. */
  readonly #ready = new Set<Line>();
  readonly #aside = new Aside();
  readonly #notices = new Notices();
  readonly #takers = new Set<Taker>();
  /** That of the last claim of any circle, so that an idle circle can be forgotten. */
  #fence = 0;
  #closed = false;

  constructor(limits: Partial<BrokerLimits> = {}) {
    const { mostPerCircle, ...ofAll } = { ...DEFAULT_LIMITS, ...limits };
    this.#mostPerCircle = mostPerCircle;
    this.#room = new Room(ofAll);
  }

  async submit(task: Task, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    this.#checkOpen();
    signal.throwIfAborted();
    const key = taskKey(task);
    const known = this.#tasks.get(key)?.task.hashes ?? this.#ended.get(key)?.task.hashes;
    if (known) {
      if (isSamePlay(known, task.hashes)) return this.follow(key, options, signal);
      throw new WireError(ErrorCode.TaskIdReused, "task id: expected a new one, got one that another play has");
    }
    this.#checkRoom(task);
    return this.#add(key, task).follow(options, signal);
  }

  async take(options: TakeOptions, signal: AbortSignal): Promise<Claim> {
    this.#checkOpen();
    signal.throwIfAborted();
    for (const line of this.#ready) {
      if (wants(options, line)) return this.#claim(line, options);
    }
    const wait = waitUntil<Claim>(signal, () => this.#takers.delete(taker));
    const taker: Taker = { options, give: wait.resolve, reject: wait.reject };
    this.#takers.add(taker);
    return wait.promise;
  }

  emit(claim: Claim, key: TaskKey, event: Event): void {
    this.#unfinished(claim)?.get(key)?.emit(event);
  }

  async finish(claim: Claim, key: TaskKey, outcome: Outcome): Promise<boolean> {
    const unfinished = this.#unfinished(claim);
    const queued = unfinished?.get(key);
    if (!unfinished || !queued) return false;
    unfinished.delete(key);
    this.#end(queued, outcome);
    if (unfinished.size === 0) this.#endClaim(claim, []);
    return true;
  }

  async setAside(claim: Claim, key: TaskKey, event: Event): Promise<boolean> {
    const unfinished = this.#unfinished(claim);
    const queued = unfinished?.get(key);
    if (!unfinished || !queued || !this.#aside.hasRoom(queued)) return false;
    unfinished.delete(key);
    this.#count(queued, -1);
    queued.setAside(event);
    this.#aside.add(queued);
    if (queued.cancelled.aborted) this.#resume(queued, queued.task);
    if (unfinished.size === 0) this.#endClaim(claim, []);
    return true;
  }

  async resume(task: Task): Promise<void> {
    this.#checkOpen();
    const key = taskKey(task);
    const queued = this.#tasks.get(key);
    if (queued) this.#resume(queued, task);
    else if (!this.#ended.get(key)) this.#add(key, { ...task, trace: task.trace ?? makeTrace() });
  }

  notify(circle: PublicKey, notice: Notice): void {
    this.#notices.notify(circle, notice);
  }

  listen(circle: PublicKey, onNotice: (notice: Notice) => void, signal: AbortSignal): void {
    this.#notices.listen(circle, onNotice, signal);
  }

  async release(claim: Claim): Promise<void> {
    const unfinished = this.#unfinished(claim);
    if (unfinished) this.#endClaim(claim, [...unfinished.values()]);
  }

  async follow(key: TaskKey, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    this.#checkOpen();
    signal.throwIfAborted();
    const queued = this.#tasks.get(key);
    if (queued) return queued.follow(options, signal);
    const ended = this.#ended.get(key);
    if (!ended) throw new UnknownTask("task: no such task");
    sayAgain(ended.events, options, signal);
    return ended.outcome;
  }

  async cancel(key: TaskKey): Promise<void> {
    const queued = this.#tasks.get(key);
    if (queued) {
      queued.cancel();
      this.#resume(queued, queued.task); // a worker is to end it, should it be set aside
    } else if (!this.#ended.get(key)) throw new UnknownTask("task: no such task");
  }

  async find(circle: PublicKey, id: TaskId): Promise<TaskKey | undefined> {
    const keys = this.#ids.keysOf({ circle, id });
    return keys.find((key) => this.#tasks.has(key)) ?? keys.find((key) => this.#ended.get(key));
  }

  get isReady(): boolean {
    return !this.#closed;
  }

  async depth(): Promise<number> {
    return Array.from(this.#lines.values()).reduce((sum, { tasks }) => sum + tasks, 0);
  }

  leaseOf(): number {
    return 0;
  }

  async raise(): Promise<boolean> {
    return false; // nobody else could have written there
  }

  async close(): Promise<void> {
    this.#closed = true;
    const error = new Error("broker: closed");
    for (const taker of this.#takers) taker.reject(error);
    for (const queued of this.#tasks.values()) queued.abandon(error);
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error("broker: closed");
  }

  #add(key: TaskKey, task: Task): QueuedTask {
    const queued = new QueuedTask(key, task);
    this.#tasks.set(key, queued);
    this.#ended.forget(key); // its time was over
    this.#ids.add(key, task);
    this.#enqueue(queued);
    return queued;
  }

  #enqueue(queued: QueuedTask): void {
    const line = this.#line(queued.task);
    this.#count(queued, 1);
    line.queue.push(queued);
    if (line.queue.length === 1) this.#offer(line);
  }

  /** Puts it back in line, if it is set aside. */
  #resume(queued: QueuedTask, task: Task): void {
    if (!this.#aside.delete(queued)) return;
    queued.resumeAs(task);
    this.#enqueue(queued);
  }

  #checkRoom(task: Task): void {
    const { tasks } = this.#lines.get(lineKey(task)) ?? { tasks: 0 };
    const most = task.lane === "control" ? MOST_IN_CONTROL_LANE : this.#mostPerCircle;
    if (tasks >= most) throw busy("queued_per_circle", tasks, most);
    this.#room.check(task);
  }

  #count({ task }: QueuedTask, sign: 1 | -1): void {
    this.#line(task).tasks += sign;
    this.#room.count(task, sign);
  }

  #line({ circle, lane }: LineName): Line {
    const key = lineKey({ circle, lane });
    const known = this.#lines.get(key);
    if (known) return known;
    const line: Line = { circle, lane, queue: [], claim: undefined, tasks: 0 };
    this.#lines.set(key, line);
    return line;
  }

  /** Puts a lane in line that now has work, or no claim any more; or gives it to whoever waits. */
  #offer(line: Line): void {
    if (line.claim) return;
    if (line.queue.length === 0) {
      this.#lines.delete(lineKey(line)); // an idle circle costs nothing
      return;
    }
    for (const taker of this.#takers) {
      if (wants(taker.options, line)) {
        taker.give(this.#claim(line, taker.options));
        return;
      }
    }
    this.#ready.add(line);
  }

  #claim(line: Line, { mostTasks }: TakeOptions): Claim {
    this.#ready.delete(line);
    // The clock keeps fences rising from one process to the next.
    this.#fence = Math.max(this.#fence + 1, Date.now() * 1000);
    const tasks = line.queue.splice(0, mostTasks);
    line.claim = { fence: this.#fence, unfinished: new Map(tasks.map((queued) => [queued.key, queued])) };
    return { circle: line.circle, lane: line.lane, fence: this.#fence, lease: 0, tasks, lost: NEVER };
  }

  /** What is left of a claim; `undefined` if it is over. */
  #unfinished(claim: Claim): Map<TaskKey, QueuedTask> | undefined {
    const held = this.#lines.get(lineKey(claim))?.claim;
    return held?.fence === claim.fence ? held.unfinished : undefined;
  }

  #end(queued: QueuedTask, outcome: Outcome): void {
    const { key, task, events } = queued;
    const { circle, id, hashes } = task;
    this.#tasks.delete(key);
    this.#count(queued, -1);
    // Nothing stands in the log of a play that was refused: sent again, it is tried again.
    const { timing: _, ...remembered } = outcome;
    if (outcome.log) this.#ended.add(key, { task: { circle, id, hashes }, events, outcome: remembered });
    else this.#ids.delete(key, task);
    queued.end(outcome);
  }

  #endClaim(claim: Claim, givenBack: readonly QueuedTask[]): void {
    const line = this.#line(claim);
    line.claim = undefined;
    line.queue.unshift(...givenBack);
    this.#offer(line);
  }
}

/** Claims of a broker in this process are not lost. */
const NEVER = new AbortController().signal;

function wants({ circles }: TakeOptions, { circle }: Line): boolean {
  return !circles || circles.has(circle);
}
