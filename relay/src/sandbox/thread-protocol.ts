import type { Event } from "../task.ts";
import type { Limits, SandboxPlay, ScriptResult } from "./sandbox.ts";

/** Given to a thread when it starts. */
export type ThreadData = {
  readonly module: WebAssembly.Module;
  /** One Int32: the number of the job to be cancelled. A running script reads no messages, but it can look here. */
  readonly control: SharedArrayBuffer;
};

/** One play for a thread. Numbers rise, so that a cancellation cannot hit another job. */
export type ThreadJob<Source> = {
  readonly number: number;
  readonly play: SandboxPlay<Source>;
  readonly limits: Limits;
};

/** What a thread exposes through comlink. */
export type ThreadApi<Source> = {
  /** Resolves once the thread can play. */
  ready(): void;
  run(job: ThreadJob<Source>): ThreadAnswer;
};

/** `events` are those that no `EventMessage` brought. */
export type ThreadAnswer = { readonly result: ScriptResult; readonly events: readonly Event[] };

/** Posted beside comlink's messages while a script runs, on the same port: so they arrive in order, before the answer. */
export type EventMessage = { readonly job: number; readonly events: readonly Event[] };

export function isEventMessage(message: unknown): message is EventMessage {
  return typeof message === "object" && message !== null && Object.hasOwn(message, "job");
}
