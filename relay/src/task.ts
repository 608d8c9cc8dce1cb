import { hash, randomUUID } from "node:crypto";
import type {
  Envelope,
  EventsPage,
  Lane,
  LogHead,
  PlayEvent,
  PlayTiming,
  PublicKey,
  Sha256,
  Signature,
  TaskId,
  TraceId,
} from "@circles/sdk/protocol";

/** A play once queued. */
export type Task = {
  readonly id: TaskId;
  readonly circle: PublicKey;
  readonly caller: PublicKey;
  readonly script: string;
  /** Canonical JSON text, as it was hashed. */
  readonly args: string;
  /** Of `script` and `args`, computed in this process from what stands here. */
  readonly hashes: TaskHashes;
  /** As the caller sent it, for the envelope covers it. */
  readonly timeoutMs?: number | undefined;
  /** Unix milliseconds; a task that has not begun by then is not begun. */
  readonly deadline: number;
  readonly proof: Proof;
  /** The line in which it waits. The ordinary one if left out; not part of what the play is. */
  readonly lane?: TaskLane | undefined;
  /**
   * In the lane of events: what is asked for begins after this number, or, left out, with what comes from now on. Neither is
   * part of what the task is: it is asked for again, under the same id, as events come.
   */
  readonly after?: number | undefined;
  /** In the lane of events: its subscription has begun, and counts as no other. */
  readonly again?: true | undefined;
  /** Names the play in every process's log lines about it. For operators; not part of what the play is. */
  readonly trace?: TraceId | undefined;
  /** When it was first queued, in Unix milliseconds by the clock of who did that; `undefined` where nobody said. */
  readonly queuedAt?: number | undefined;
};

/**
 * The lines in which tasks of a circle wait. In that of events are no plays: each task asks what a subscriber is to hear, is
 * answered by the worker and leaves no record. Its script is the protocol's own, so that its envelope is one of a play.
 */
export type TaskLane = Lane | "events";

/** What a task in the lane of events is answered. `until`, in Unix ms: when it is to be asked again who may hear that. */
export type Heard = EventsPage & { readonly until?: number };

export function makeTrace(): TraceId {
  return randomUUID().replaceAll("-", "") as TraceId;
}

export function isTrace(text: string | undefined): text is TraceId {
  return text !== undefined && /^[0-9a-f]{32}$/.test(text);
}

export type TaskHashes = { readonly script: Sha256; readonly args: Sha256 };

/** Why a worker may believe that `caller` asked for this. */
export type Proof =
  | { readonly kind: "envelope"; readonly envelope: Envelope }
  | typeof VOUCHED_IN_PROCESS
  | typeof APPROVED
  /** A gateway elsewhere saw the caller log in, and signed that. */
  | { readonly kind: "gateway"; readonly gateway: PublicKey; readonly signature: Signature }
  /** Nobody says so: as a client that follows the specification puts it into a queue by hand. */
  | { readonly kind: "none" };

/**
 * The gateway in this process saw the caller log in. Compared by identity: what arrives from elsewhere, however it is
 * written, is never this object.
 */
export const VOUCHED_IN_PROCESS = Object.freeze({ kind: "in-process" });

/**
 * The play was proven before, and has waited for the circle's owner since. Worth nothing by itself: a worker believes it
 * where the circle's own log says that this play waits.
 */
export const APPROVED = Object.freeze({ kind: "approved" });

export function hashTask({ script, args }: Pick<Task, "script" | "args">): TaskHashes {
  return { script: hash("sha256", script) as Sha256, args: hash("sha256", args) as Sha256 };
}

/** Is it the same play sent again? A task id stands for one script and its arguments. */
export function isSamePlay(a: TaskHashes, b: TaskHashes): boolean {
  return a.script === b.script && a.args === b.args;
}

/** A play's identity (DESIGN §2): the same key is the same play, in every broker and in the circle's log. */
export type TaskKey = string & { readonly __brand: "TaskKey" };

export function taskKey({ circle, caller, id }: Pick<Task, "circle" | "caller" | "id">): TaskKey {
  return `${circle}/${caller}/${id}` as TaskKey;
}

/** The circle that a key begins with. */
export function circleOf(key: TaskKey): PublicKey {
  return key.slice(0, key.indexOf("/")) as PublicKey;
}

/** What ended a play that did not complete, as it crosses the wire. */
export type Failure = { readonly code: number; readonly message: string; readonly data?: unknown };

/** How long a worker was busy with a play that completed, by its own clock. */
export type WorkerTiming = Omit<PlayTiming, "relay_ms">;

/** How a play ended. `log` is the head of the circle's log with the play's record in it. */
export type Outcome =
  | {
      readonly status: "completed";
      readonly output: string;
      readonly format: "text" | "json";
      readonly log: LogHead;
      /** Left out where it did not run for this outcome. A broker tells it with the end and does not remember it. */
      readonly timing?: WorkerTiming;
    }
  | {
      readonly status: "error" | "cancelled" | "denied" | "expired";
      readonly failure: Failure;
      /** Left out where nothing was logged: a denial, a play that was refused before it began. Its id may be used again. */
      readonly log?: LogHead;
      readonly timing?: never;
    }
  /** What a task was told that is no play: JSON. */
  | { readonly status: "answered"; readonly output: string; readonly log?: never; readonly timing?: never };

/** An event as a sandbox makes it: `seq` counts from 1 within the play. */
export type Event = PlayEvent extends infer E ? (E extends PlayEvent ? Omit<E, "task_id"> : never) : never;
