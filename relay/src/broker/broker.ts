import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import type { Event, Outcome, Task, TaskKey, TaskLane } from "../task.ts";

/** Looked at, never listened to. Every task has one and few are cancelled: a whole AbortSignal would cost too much. */
export type Cancelled = Pick<AbortSignal, "aborted">;

/** A task in a worker's hands. */
export type ClaimedTask = {
  readonly key: TaskKey;
  readonly task: Task;
  /** Aborted when the caller or the owner has cancelled. The worker then ends the task; it may be too late. */
  readonly cancelled: Cancelled;
  /** Number of the last event that was said before it was set aside; 0 if it was not. Its next event is the one after. */
  readonly said: number;
  /** How many workers died while they had it. */
  readonly attempts: number;
};

/** Tasks of one lane of a circle, oldest first, and the right to be the only one who plays there until all are finished. */
export type Claim = {
  readonly circle: PublicKey;
  readonly lane: TaskLane | undefined;
  /** Higher than that of every earlier claim of the circle. */
  readonly fence: number;
  /**
   * Names the time for which this process has the circle, without anybody else in between: claims with the same lease are
   * of one such time, and a later one's is higher. 0 where nobody else could have it.
   */
  readonly lease: number;
  readonly tasks: readonly ClaimedTask[];
  /** Aborts when the claim is lost: nothing may be committed under it any more. */
  readonly lost: AbortSignal;
};

export type TakeOptions = {
  /** Only tasks of these circles; all if left out. */
  readonly circles?: ReadonlySet<PublicKey>;
  /** The most tasks in one claim, at least 1. */
  readonly mostTasks: number;
};

export type FollowOptions = {
  /** Only events with a number above this; those that were before come first. Default 0: all of them. */
  readonly after?: number;
  /** Called in order; not after the outcome or an abort. It does not throw. */
  readonly onEvent?: (event: Event) => void;
};

/** What may wait or run at one time. */
export type BrokerLimits = {
  readonly mostPerCircle: number;
  /** Of one caller, in all circles. */
  readonly mostPerCaller: number;
  /** UTF-16 units of script and arguments, of all tasks of one caller. */
  readonly mostCharactersPerCaller: number;
  /** The same of all tasks together. */
  readonly mostCharacters: number;
};

/** There is no such task, or no more. */
export class UnknownTask extends Error {
  override name = "UnknownTask";
}

/** Something that the owner of a circle is to hear at once. `data` is JSON. */
export type Notice = { readonly topic: string; readonly data: unknown };

/** Carries tasks to workers and outcomes back. Rules BR1–BR19 in SPEC.md; every broker passes `brokerContract`. */
export interface Broker {
  /**
   * Appends to the circle's queue and follows the task to its end. A task whose key is known is followed and not queued
   * again. Calls are queued in their order. Aborting stops the wait, not the task.
   * @throws {WireError} -32009 if the key was another play's; -32007 if there is no room.
   */
  submit(task: Task, options: FollowOptions, signal: AbortSignal): Promise<Outcome>;
  /** Waits for tasks: those of the circle that has waited longest. Aborting rejects with the signal's reason. */
  take(options: TakeOptions, signal: AbortSignal): Promise<Claim>;
  /** Passes an event of a running task on to its followers. One whose number they had already is left out. */
  emit(claim: Claim, key: TaskKey, event: Event): void;
  /**
   * Ends a task and releases its outcome; the first end counts. When its last task is finished, the claim is over and
   * the circle goes to the end of the line. Resolves with `false`, having changed nothing, if the claim is over or lost.
   */
  finish(claim: Claim, key: TaskKey, outcome: Outcome): Promise<boolean>;
  /** Gives back what is not finished, in order, to the head of the circle's queue. */
  release(claim: Claim): Promise<void>;
  /**
   * Ends the claim's hold on a task that is to wait for the circle's owner. It stays known, and `event` tells its
   * followers, those who come later too; under the next number, if something was said under its own before. Resolves with
   * `false`, having changed nothing, if the claim is over or lost, or too many are set aside.
   */
  setAside(claim: Claim, key: TaskKey, event: Event): Promise<boolean>;
  /**
   * Puts a task that was set aside at the end of its lane, with this task's deadline and proof; one that is not known is
   * queued. Nothing happens to one that waits in line, runs or ended.
   */
  resume(task: Task): Promise<void>;
  /** Follows a task that was submitted, or ended with a record in the log not long ago. @throws {UnknownTask} */
  follow(key: TaskKey, options: FollowOptions, signal: AbortSignal): Promise<Outcome>;
  /** Asks for the task's end; `follow` tells whether it came before the commit. @throws {UnknownTask} */
  cancel(key: TaskKey): Promise<void>;
  /** The key under which a task of this circle can be followed or cancelled, whoever its caller is. For the owner. */
  find(circle: PublicKey, id: TaskId): Promise<TaskKey | undefined>;
  /** Tells whoever listens to this circle now, in the order of the calls. Nobody remembers it. */
  notify(circle: PublicKey, notice: Notice): void;
  /** Hears the notices of a circle until `signal` aborts, and of each time when some may have been lost (`GAP`). */
  listen(circle: PublicKey, onNotice: (notice: Notice) => void, signal: AbortSignal): void;
  /** Does it reach what it needs to take and hand on tasks, now? */
  readonly isReady: boolean;
  /** How many tasks wait or run, wherever. Those that are set aside do not count. */
  depth(): Promise<number>;
  /** The lease under which this process has the circle now; `undefined` if it has not. See `Claim.lease`. */
  leaseOf(circle: PublicKey): number | undefined;
  /**
   * Takes a lease above one that the circle's log knows; to be asked where this process has the circle under a lower one.
   * Resolves with `false` if it has the circle no more.
   */
  raise(circle: PublicKey, above: number): Promise<boolean>;
  /** Ends every wait with a rejection. */
  close(): Promise<void>;
}
