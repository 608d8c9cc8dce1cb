import { ErrorCode, type LimitReached, type PublicKey, WireError } from "@circles/sdk/protocol";
import { type Event, isSamePlay, type Outcome, type Task, type TaskKey, taskKey } from "../task.ts";
import {
  type Broker,
  type Claim,
  type ClaimedTask,
  type FollowOptions,
  type TakeOptions,
  UnknownTask,
} from "./broker.ts";
import { EndedTasks } from "./ended-tasks.ts";
import { QueuedTask } from "./queued-task.ts";

export type MemoryBrokerOptions = {
  /** Tasks that wait or run in one circle. Default 10,000. */
  readonly mostPerCircle?: number;
  /** Tasks of one caller that wait or run, in all circles. Default 2,000. */
  readonly mostPerCaller?: number;
  /** UTF-16 units of script and arguments of all tasks that wait or run. Default 128 Mi. */
  readonly mostCharacters?: number;
};

const DEFAULTS = { mostPerCircle: 10_000, mostPerCaller: 2_000, mostCharacters: 128 * 2 ** 20 };
const RETRY_AFTER_MS = 250;

type Circle = { readonly key: PublicKey; readonly queue: QueuedTask[]; claim: Claim | undefined; fence: number };
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
  readonly #limits: Required<MemoryBrokerOptions>;
  readonly #tasks = new Map<TaskKey, QueuedTask>();
  readonly #ended = new EndedTasks();
  readonly #circles = new Map<PublicKey, Circle>();
  /** Circles with tasks and no claim, in the order in which they get their turn. */
  readonly #ready = new Set<Circle>();
  readonly #takers = new Set<Taker>();
  readonly #perCaller = new Map<PublicKey, number>();
  #characters = 0;
  #closed = false;

  constructor(options: MemoryBrokerOptions = {}) {
    this.#limits = { ...DEFAULTS, ...options };
  }

  async submit(task: Task, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    this.#checkOpen();
    signal.throwIfAborted();
    const key = taskKey(task);
    const known = this.#tasks.get(key)?.task.hashes ?? this.#ended.get(key)?.hashes;
    if (known) {
      if (isSamePlay(known, task.hashes)) return this.follow(key, options, signal);
      throw new WireError(ErrorCode.TaskIdReused, "task id: expected a new one, got one that another play has");
    }
    const circle = this.#circle(task.circle);
    this.#checkRoom(task, circle);
    const queued = new QueuedTask(key, task);
    this.#tasks.set(key, queued);
    this.#count(task, 1);
    circle.queue.push(queued);
    this.#offer(circle);
    return queued.follow(options, signal);
  }

  async take(options: TakeOptions, signal: AbortSignal): Promise<Claim> {
    this.#checkOpen();
    signal.throwIfAborted();
    for (const circle of this.#ready) {
      if (wants(options, circle)) return this.#claim(circle, options);
    }
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#takers.delete(taker);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = () => taker.reject(signal.reason);
      const taker: Taker = {
        options,
        give: (claim) => {
          end();
          resolve(claim);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#takers.add(taker);
    });
  }

  emit(claim: Claim, key: TaskKey, event: Event): void {
    if (this.#holds(claim)) this.#tasks.get(key)?.emit(event);
  }

  async finish(claim: Claim, key: TaskKey, outcome: Outcome): Promise<boolean> {
    const queued = this.#tasks.get(key);
    if (!queued || !this.#holds(claim)) return false;
    this.#end(queued, outcome);
    if (claim.tasks.every(({ key }) => !this.#tasks.has(key))) this.#endClaim(claim);
    return true;
  }

  async release(claim: Claim): Promise<void> {
    if (!this.#holds(claim)) return;
    const unfinished = claim.tasks.flatMap(({ key }) => this.#tasks.get(key) ?? []);
    this.#circle(claim.circle).queue.unshift(...unfinished);
    this.#endClaim(claim);
  }

  async follow(key: TaskKey, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    this.#checkOpen();
    signal.throwIfAborted();
    const queued = this.#tasks.get(key);
    if (queued) return queued.follow(options, signal);
    const ended = this.#ended.get(key);
    if (!ended) throw new UnknownTask("task: no such task");
    for (const event of ended.events) if (event.seq > (options.after ?? 0)) options.onEvent?.(event);
    return ended.outcome;
  }

  async cancel(key: TaskKey): Promise<void> {
    const queued = this.#tasks.get(key);
    if (queued) queued.cancel();
    else if (!this.#ended.get(key)) throw new UnknownTask("task: no such task");
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

  #checkRoom(task: Task, { queue }: Circle): void {
    const { mostPerCircle, mostPerCaller, mostCharacters } = this.#limits;
    const ofCaller = this.#perCaller.get(task.caller) ?? 0;
    if (queue.length >= mostPerCircle) throw busy("queued_per_circle", queue.length, mostPerCircle);
    if (ofCaller >= mostPerCaller) throw busy("queued_per_caller", ofCaller, mostPerCaller);
    const characters = this.#characters + sizeOf(task);
    if (characters > mostCharacters) throw busy("queued_characters", characters, mostCharacters);
  }

  #count(task: Task, sign: 1 | -1): void {
    const ofCaller = (this.#perCaller.get(task.caller) ?? 0) + sign;
    if (ofCaller > 0) this.#perCaller.set(task.caller, ofCaller);
    else this.#perCaller.delete(task.caller);
    this.#characters += sign * sizeOf(task);
  }

  #circle(key: PublicKey): Circle {
    const known = this.#circles.get(key);
    if (known) return known;
    const circle: Circle = { key, queue: [], claim: undefined, fence: 0 };
    this.#circles.set(key, circle);
    return circle;
  }

  /** Puts a circle that has work and no claim in line, or gives it to whoever waits. */
  #offer(circle: Circle): void {
    if (circle.claim) return;
    if (circle.queue.length === 0) {
      this.#circles.delete(circle.key); // an idle circle costs nothing
      return;
    }
    for (const taker of this.#takers) {
      if (wants(taker.options, circle)) {
        taker.give(this.#claim(circle, taker.options));
        return;
      }
    }
    this.#ready.add(circle);
  }

  #claim(circle: Circle, { mostTasks }: TakeOptions): Claim {
    this.#ready.delete(circle);
    const tasks: ClaimedTask[] = circle.queue.splice(0, mostTasks);
    // A circle that was idle is forgotten with its fence; the clock keeps the fence rising all the same.
    circle.fence = Math.max(circle.fence + 1, Date.now() * 1000);
    circle.claim = { circle: circle.key, fence: circle.fence, tasks, lost: NEVER };
    return circle.claim;
  }

  #holds(claim: Claim): boolean {
    return this.#circles.get(claim.circle)?.claim === claim;
  }

  #end(queued: QueuedTask, outcome: Outcome): void {
    this.#tasks.delete(queued.key);
    this.#count(queued.task, -1);
    // Nothing stands in the log of a play that was refused: sent again, it is tried again.
    if (outcome.log) this.#ended.add(queued.key, { hashes: queued.task.hashes, events: queued.events, outcome });
    queued.end(outcome);
  }

  #endClaim(claim: Claim): void {
    const circle = this.#circle(claim.circle);
    circle.claim = undefined;
    this.#offer(circle);
  }
}

/** Claims of a broker in this process are not lost. */
const NEVER = new AbortController().signal;

function wants({ circles }: TakeOptions, { key }: Circle): boolean {
  return !circles || circles.has(key);
}

function sizeOf({ script, args }: Task): number {
  return script.length + args.length;
}

function busy(limit: string, used: number, allowed: number): WireError {
  const data: LimitReached = { limit, used, allowed, retry_after_ms: RETRY_AFTER_MS };
  return new WireError(ErrorCode.Busy, `busy: ${limit} is at its limit of ${allowed}`, data);
}
