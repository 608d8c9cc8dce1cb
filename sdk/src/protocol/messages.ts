import type { SignedDelegation } from "./delegation.ts";
import type { Envelope } from "./envelope.ts";
import type { Nonce, PublicKey, Signature, TaskId, TraceId } from "./ids.ts";

/** The head of a circle's log: keep it, and the owner can be held to everything up to it. */
export type LogHead = { seq: number; hash: string };

/**
 * What a relay did with a play, in milliseconds, to 0.1. Each is measured by one machine's clock alone, and
 * `run_ms + commit_ms <= relay_ms`: what is left is the wait for its turn, and for the circle's owner where that was asked.
 */
export type PlayTiming = {
  /** From when the relay read the call until it knew the outcome. */
  relay_ms: number;
  /** The script's run, the last one where it ran again. */
  run_ms: number;
  /** From the script's end until its record, and all before it, stood in the circle's log. */
  commit_ms: number;
};

/**
 * `output` is always text: a string result as it is (`text`), anything else as its JSON (`json`). Only the answer to the
 * `play` that was run for it has a `timing`; nobody remembers it.
 */
export type PlayResult = {
  output: string;
  format: "text" | "json";
  task_id: TaskId;
  log: LogHead;
  timing?: PlayTiming;
};

export type PlayParams = {
  script: string;
  /** Any JSON value; left out it is `null`. */
  args?: unknown;
  task_id?: TaskId;
  /** The caller's deadline, 1 to 600,000; 30,000 if left out. */
  timeout_ms?: number;
  envelope?: Envelope;
  lane?: Lane;
  /** What operators find it by in their logs. The envelope does not cover it; the relay makes one where there is none. */
  trace?: TraceId;
};

/**
 * In which line a play waits. `control` runs beside the circle's other plays and touches its policy, library, inbox and
 * log only. The envelope does not cover it: whoever changed it on the way could have the play wait in the other line,
 * and let it do less than its caller signed, but nothing more.
 */
export type Lane = "control";

/** What a subscription begins after: the number of an event; left out, only what comes from now on is sent. */
export type SubscribeParams = {
  topic: string;
  after?: number;
  /** With `envelope`. */
  task_id?: TaskId;
  /** The caller's signature over `SUBSCRIBE_SCRIPT` with `{topic}` and without `timeout_ms`; good until it expires. */
  envelope?: Envelope;
};

/**
 * `head`: the last number that an event can have up to now; of the relay's own topics there is none. `gap`: between `after`
 * and `head` the log does not have everything any more.
 */
export type SubscribeResult = { subscribed: boolean; head?: number; gap?: true };

/** Every call a peer can make, by its name on the wire. Both sides read their types here. */
export interface Methods {
  /** `pubkey` also uncompressed or with `0x`. `expires_at` in Unix seconds. */
  fetch_nonce: { params: { pubkey: string }; result: { nonce: Nonce; expires_at: number } };
  /** With `delegation`, `pubkey` is its device key, and the caller from then on its root. */
  authenticate: {
    params: { pubkey: string; signature: Signature; delegation?: SignedDelegation };
    result: { authenticated: true };
  };
  play: { params: PlayParams; result: PlayResult };
  /** `cancelled` is true only if the cancel came before the commit. */
  cancel: { params: { task_id: TaskId }; result: { cancelled: boolean } };
  /** The outcome as of `play`, after the events with a number above `after` (default 0) were sent again. */
  attach: { params: { task_id: TaskId; after?: number }; result: PlayResult };
  subscribe: { params: SubscribeParams; result: SubscribeResult };
  unsubscribe: { params: { topic: string }; result: { subscribed: boolean } };
  "rpc.discover": { params: Record<string, never> | undefined; result: Record<string, unknown> };
}

export type Method = keyof Methods;

/** What a play says before it ends. `data` is text for `print`, a `Progress` for `progress`, a `Waiting` for `waiting`. */
export type PlayEvent =
  | { task_id: TaskId; seq: number; kind: "print"; data: string }
  | { task_id: TaskId; seq: number; kind: "progress"; data: Progress }
  | { task_id: TaskId; seq: number; kind: "waiting"; data: Waiting };

/** The same without saying of which play. */
export type PlayOutput = PlayEvent extends infer E ? (E extends PlayEvent ? Omit<E, "task_id"> : never) : never;

/** `fraction` from 0 to 1. */
export type Progress = { fraction: number; note?: string };

/** The play needs `capability`, and the circle's owner is asked for it until `expires_at`, in Unix seconds. */
export type Waiting = { capability: string; expires_at: number };

/** Tells a circle's owner of plays that begin to wait for approval; `data` is an `InboxNotice`. */
export const INBOX_TOPIC = "$inbox";

/**
 * Tells a circle's owner the log itself, record by record; `data` is a `LogLine`, `id` the last number that an event of that
 * record can have.
 */
export const LOG_TOPIC = "$log";

/** A play that begins to wait for the owner. `id` names it in the inbox. */
export type InboxNotice = { id: string; caller: PublicKey; capability: string; expires_at: number };

/**
 * `id` numbers the events of a circle; those of the relay's own topics have none. Between `after` and `id` is no other
 * event of the topic: who has `after`, or a number beyond, has missed nothing.
 */
export type TopicNotice = { topic: string; data: unknown; id?: number; after?: number };

/** A subscription is over, as the error says that the relay would answer now. */
export type TopicEnd = { topic: string; code: number; message: string; data?: unknown };

/** Every notification that a relay sends. */
export interface Notifications {
  /** `seq` counts from 1 within a play. */
  play_event: PlayEvent;
  event: TopicNotice;
  event_end: TopicEnd;
}

/** What a gateway implements: leaving out a method does not compile. */
export type Handlers<Connection> = {
  [M in Method]: (params: unknown, connection: Connection) => Promise<Methods[M]["result"]> | Methods[M]["result"];
};
