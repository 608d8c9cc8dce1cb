import { ErrorCode, type LimitReached, type PublicKey, type TaskId, WireError } from "@circles/sdk/protocol";
import { type Event, isSamePlay, type Outcome, type Task, type TaskKey, taskKey } from "../task.ts";
import {
  type Broker,
  type BrokerLimits,
  type Claim,
  type FollowOptions,
  type TakeOptions,
  UnknownTask,
} from "./broker.ts";
import { EndedTasks } from "./ended-tasks.ts";
import { QueuedTask, sayAgain } from "./queued-task.ts";
import { TaskIds } from "./task-ids.ts";

const DEFAULT_LIMITS: BrokerLimits = Object.freeze({
  mostPerCircle: 10_000,
  mostPerCaller: 2_000,
  mostCharactersPerCaller: 16 * 2 ** 20,
  mostCharacters: 128 * 2 ** 20,
});
const RETRY_AFTER_MS = 250;

type Circle = {
  readonly key: PublicKey;
  readonly queue: QueuedTask[];
  /** Fence of the claim that is on it, and what is left of that, in order. */
  claim: { readonly fence: number; readonly unfinished: Map<TaskKey, QueuedTask> } | undefined;
  /** Tasks that wait or run. */
  tasks: number;
};
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
  readonly #limits: BrokerLimits;
  readonly #tasks = new Map<TaskKey, QueuedTask>();
  readonly #ids = new TaskIds();
  readonly #ended = new EndedTasks();
  readonly #circles = new Map<PublicKey, Circle>();
  /** Circles with tasks and no claim, in the order in which they get their turn. */
  readonly #ready = new Set<Circle>();
  readonly #takers = new Set<Taker>();
  readonly #perCaller = new Map<PublicKey, { tasks: number; characters: number }>();
  #characters = 0;
  /** That of the last claim of any circle, so that an idle circle can be forgotten. */
  #fence = 0;
  #closed = false;

  constructor(limits: Partial<BrokerLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
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
    const queued = new QueuedTask(key, task);
    const circle = this.#circle(task.circle);
    this.#tasks.set(key, queued);
    this.#ids.add(key, task);
    this.#count(queued, 1);
    circle.queue.push(queued);
    if (circle.queue.length === 1) this.#offer(circle);
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
    this.#unfinished(claim)?.get(key)?.emit(event);
  }

  async finish(claim: Claim, key: TaskKey, outcome: Outcome): Promise<boolean> {
    const unfinished = this.#unfinished(claim);
    const queued = unfinished?.get(key);
    if (!unfinished || !queued) return false;
    unfinished.delete(key);
    this.#end(queued, outcome);
    if (unfinished.size === 0) this.#endClaim(claim.circle, []);
    return true;
  }

  async release(claim: Claim): Promise<void> {
    const unfinished = this.#unfinished(claim);
    if (unfinished) this.#endClaim(claim.circle, [...unfinished.values()]);
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
    if (queued) queued.cancel();
    else if (!this.#ended.get(key)) throw new UnknownTask("task: no such task");
  }

  async find(circle: PublicKey, id: TaskId): Promise<TaskKey | undefined> {
    return this.#ids.find({ circle, id }) ?? this.#ended.find({ circle, id });
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

  #checkRoom(task: Task): void {
    const { mostPerCircle, mostPerCaller, mostCharactersPerCaller, mostCharacters } = this.#limits;
    const ofCircle = this.#circles.get(task.circle)?.tasks ?? 0;
    if (ofCircle >= mostPerCircle) throw busy("queued_per_circle", ofCircle, mostPerCircle);
    const ofCaller = this.#perCaller.get(task.caller) ?? { tasks: 0, characters: 0 };
    if (ofCaller.tasks >= mostPerCaller) throw busy("queued_per_caller", ofCaller.tasks, mostPerCaller);
    const charactersOfCaller = ofCaller.characters + sizeOf(task);
    if (charactersOfCaller > mostCharactersPerCaller) {
      throw busy("queued_characters_per_caller", charactersOfCaller, mostCharactersPerCaller);
    }
    const characters = this.#characters + sizeOf(task);
    if (characters > mostCharacters) throw busy("queued_characters", characters, mostCharacters);
  }

  #count({ task }: QueuedTask, sign: 1 | -1): void {
    this.#circle(task.circle).tasks += sign;
    const ofCaller = this.#perCaller.get(task.caller) ?? { tasks: 0, characters: 0 };
    ofCaller.tasks += sign;
    ofCaller.characters += sign * sizeOf(task);
    if (ofCaller.tasks > 0) this.#perCaller.set(task.caller, ofCaller);
    else this.#perCaller.delete(task.caller);
    this.#characters += sign * sizeOf(task);
  }

  #circle(key: PublicKey): Circle {
    const known = this.#circles.get(key);
    if (known) return known;
    const circle: Circle = { key, queue: [], claim: undefined, tasks: 0 };
    this.#circles.set(key, circle);
    return circle;
  }

  /** Puts a circle in line that now has work, or no claim any more; or gives it to whoever waits. */
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
    // The clock keeps fences rising from one process to the next.
    this.#fence = Math.max(this.#fence + 1, Date.now() * 1000);
    const tasks = circle.queue.splice(0, mostTasks);
    circle.claim = { fence: this.#fence, unfinished: new Map(tasks.map((queued) => [queued.key, queued])) };
    return { circle: circle.key, fence: this.#fence, tasks, lost: NEVER };
  }

  /** What is left of a claim; `undefined` if it is over. */
  #unfinished({ circle, fence }: Claim): Map<TaskKey, QueuedTask> | undefined {
    const held = this.#circles.get(circle)?.claim;
    return held?.fence === fence ? held.unfinished : undefined;
  }

  #end(queued: QueuedTask, outcome: Outcome): void {
    const { key, task, events } = queued;
    const { circle, id, hashes } = task;
    this.#tasks.delete(key);
    this.#ids.delete(key, task);
    this.#count(queued, -1);
    // Nothing stands in the log of a play that was refused: sent again, it is tried again.
    if (outcome.log) this.#ended.add(key, { task: { circle, id, hashes }, events, outcome });
    queued.end(outcome);
  }

  #endClaim(key: PublicKey, givenBack: readonly QueuedTask[]): void {
    const circle = this.#circle(key);
    circle.claim = undefined;
    circle.queue.unshift(...givenBack);
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
