import type { Envelope } from "./envelope.ts";
import type { Nonce, Signature, TaskId } from "./ids.ts";

/** The head of a circle's log: keep it, and the owner can be held to everything up to it. */
export type LogHead = { seq: number; hash: string };

/** `output` is always text: a string result as it is (`text`), anything else as its JSON (`json`). */
export type PlayResult = { output: string; format: "text" | "json"; task_id: TaskId; log: LogHead };

export type PlayParams = {
  script: string;
  /** Any JSON value; left out it is `null`. */
  args?: unknown;
  task_id?: TaskId;
  /** The caller's deadline, 1 to 600,000; 30,000 if left out. */
  timeout_ms?: number;
  envelope?: Envelope;
};

/** Every call a peer can make, by its name on the wire. Both sides read their types here. */
export interface Methods {
  /** `pubkey` also uncompressed or with `0x`. `expires_at` in Unix seconds. */
  fetch_nonce: { params: { pubkey: string }; result: { nonce: Nonce; expires_at: number } };
  authenticate: { params: { pubkey: string; signature: Signature }; result: { authenticated: true } };
  play: { params: PlayParams; result: PlayResult };
  /** `cancelled` is true only if the cancel came before the commit. */
  cancel: { params: { task_id: TaskId }; result: { cancelled: boolean } };
  /** The outcome as of `play`, after the events with a number above `after` (default 0) were sent again. */
  attach: { params: { task_id: TaskId; after?: number }; result: PlayResult };
  subscribe: { params: { topic: string }; result: { subscribed: boolean } };
  unsubscribe: { params: { topic: string }; result: { subscribed: boolean } };
  "rpc.discover": { params: Record<string, never> | undefined; result: Record<string, unknown> };
}

export type Method = keyof Methods;

/** What a running play says before it ends. `data` is text for `print`, a `Progress` for `progress`. */
export type PlayEvent =
  | { task_id: TaskId; seq: number; kind: "print"; data: string }
  | { task_id: TaskId; seq: number; kind: "progress"; data: Progress };

/** `fraction` from 0 to 1. */
export type Progress = { fraction: number; note?: string };

/** Every notification that a relay sends. */
export interface Notifications {
  /** `seq` counts from 1 within a play. */
  play_event: PlayEvent;
  event: { topic: string; data: unknown };
}

/** What a gateway implements: leaving out a method does not compile. */
export type Handlers<Connection> = {
  [M in Method]: (params: unknown, connection: Connection) => Promise<Methods[M]["result"]> | Methods[M]["result"];
};
