import { hash } from "node:crypto";
import type { PublicKey, Sha256, TaskId } from "@circles/sdk/protocol";
import type { Task } from "../task.ts";

/** A play that waits for the owner, as it lies in `inbox/` of the circle. Whoever changes `state` has decided. */
export type AskingPlay = {
  readonly task: TaskId;
  readonly caller: PublicKey;
  /** The key that signed it for its caller, if another did. */
  readonly device?: PublicKey;
  readonly script: string;
  readonly script_hash: Sha256;
  /** Canonical JSON text. */
  readonly args: string;
  readonly args_hash: Sha256;
  readonly timeout_ms?: number;
  /** What it needs now. */
  readonly capability: string;
  /** How often it has asked. */
  readonly round: number;
  /** What it was allowed before, for this play only. */
  readonly allowed: readonly string[];
  /** Unix seconds. */
  readonly asked_at: number;
  readonly expires_at: number;
  readonly state: "waiting" | "allowed" | "denied";
  /** The owner's, with `denied`. */
  readonly reason?: string;
};

/** How long a play waits for the owner before it ends as `expired`. */
const APPROVAL_LIFETIME_S = 7 * 24 * 60 * 60;
/** UTF-8 bytes of script and arguments of a play that asks: an owner is to read them before deciding. */
export const MOST_ASKING_BYTES = 64 * 1024;

/**
 * The name of a waiting play's entry in `inbox/`. Each time that it asks has its own: what an owner saw and allows is never
 * what the play came to ask for since.
 */
export function inboxId({ caller, task, round }: Pick<AskingPlay, "caller" | "task" | "round">): string {
  return hash("sha256", `${caller}/${task}/${round}`).slice(0, 32);
}

export function inboxPath(id: string): string {
  return `inbox/${id}.json`;
}

/** A play, and the entry that it had when it asked for something else. */
type Asking = {
  readonly task: Task;
  readonly device: PublicKey | undefined;
  readonly entry: AskingPlay | undefined;
};

/** The entry of a play that needs `capability`. */
export function makeAskingPlay({ task, device, entry: before }: Asking, capability: string): AskingPlay {
  const now = Math.floor(Date.now() / 1000);
  return {
    task: task.id,
    caller: task.caller,
    ...(device === undefined ? {} : { device }),
    script: task.script,
    script_hash: task.hashes.script,
    args: task.args,
    args_hash: task.hashes.args,
    ...(task.timeoutMs === undefined ? {} : { timeout_ms: task.timeoutMs }),
    capability,
    round: (before?.round ?? 0) + 1,
    allowed: before?.allowed ?? [],
    asked_at: now,
    expires_at: now + APPROVAL_LIFETIME_S,
    state: "waiting",
  };
}

/** @throws {SyntaxError} if the text is not JSON. Only the worker and its tools write entries: their form is trusted. */
export function parseAskingPlay(text: string): AskingPlay {
  return JSON.parse(text) as AskingPlay;
}

export function isExpired({ expires_at }: AskingPlay, now = Date.now() / 1000): boolean {
  return expires_at <= now;
}
