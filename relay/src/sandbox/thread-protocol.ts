import type { Event } from "../task.ts";
import type { Limits, SandboxPlay, ScriptResult, Write } from "./sandbox.ts";

/** Given to a thread when it starts. */
export type ThreadData = {
  readonly module: WebAssembly.Module;
  /** Int32 cells, see `Cell`. A running script reads no messages, but its thread can look here. */
  readonly control: SharedArrayBuffer;
  /** See `SideMessage` and `Question`. */
  readonly side: MessagePort;
};

/** A thread asks this for a play that runs, and waits; so nothing may wait for the thread meanwhile. */
export type Question = { readonly question: number; readonly number: number; readonly asked: unknown };

/** What a thread is told on its side port. `Cell.Told` is raised after each, for a running script reads no messages. */
export type SideMessage =
  | { readonly answerTo: number; readonly value: unknown }
  | { readonly answerTo: number; readonly failure: string }
  /** What this play may do from now on. */
  | { readonly number: number; readonly authority: string };

/** Sequences that one message brings to a thread. Each hop between threads costs as much as a small play. */
export const MOST_SEQUENCES = 16;

/** What the cells of `control` hold. */
export const Cell = {
  /** Number of the play that runs; 0 if none. Written by the thread. */
  Running: 0,
  /** Number of the play that is to end. Written by the pool. */
  Cancelled: 1,
  /** How many messages were posted on the thread's side port. */
  Told: 2,
  /** From here on, one cell for each sequence of the message: who has it. */
  FirstClaim: 3,
} as const;

/** A sequence belongs to whoever moves its cell away from `Free` first: the thread to run it, the pool to take it back. */
export const Claim = { Free: 0, Taken: 1, TakenBack: 2 } as const;

/** Numbers rise, so that a cancellation cannot hit another play. */
export type ThreadPlay = SandboxPlay & {
  readonly number: number;
  readonly limits: Partial<Limits>;
  /** Unix milliseconds; infinity for none. */
  readonly deadline: number;
};

export type ThreadSequence<Source> = {
  readonly circle: string;
  readonly snapshot: Source;
  /** What plays of this sequence wrote that ran before these, in another message. */
  readonly written: readonly Write[];
  readonly plays: readonly ThreadPlay[];
};

/** What a thread exposes through comlink. */
export type ThreadApi<Source> = {
  /** Resolves once the thread can play. */
  ready(): void;
  /**
   * Runs the sequences in order. A sequence ends early at a script that does not compile, and when it has had its share of
   * time. The last report comes as the answer.
   */
  run(sequences: readonly ThreadSequence<Source>[]): Report;
};

/**
 * What happened since the last report, in order. Posted beside comlink's messages while a thread runs, on the same port:
 * so all reports arrive in order.
 */
export type Report = { readonly entries: readonly ReportEntry[] };
export type ReportEntry =
  | { readonly number: number; readonly event: Event }
  | { readonly number: number; readonly result: ScriptResult }
  /** The thread cannot run the sequence of this play; the script is not to blame. */
  | { readonly number: number; readonly failure: Error };

export function isReport(message: unknown): message is Report {
  return typeof message === "object" && message !== null && Object.hasOwn(message, "entries");
}
