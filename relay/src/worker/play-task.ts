import {
  ErrorCode,
  type LimitReached,
  TASK_MEMORY_AFTER_EXPIRY_S,
  TASK_MEMORY_UNSIGNED_S,
  WireError,
} from "@circles/sdk/protocol";
import type { ClaimedTask } from "../broker/broker.ts";
import { NameRefused } from "../namespace/names.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { Namespaces } from "../namespace/namespaces.ts";
import type { LoggedEnd, LoggedWrite } from "../namespace/record.ts";
import type { SnapshotSource } from "../namespace/snapshot.ts";
import type { Policy } from "../policy/policy.ts";
import { DEFAULT_LIMITS, type Sandbox, type ScriptResult } from "../sandbox/sandbox.ts";
import type { Verifier } from "../signatures/verifier.ts";
import { type Event, isSamePlay, type Outcome, type Task } from "../task.ts";
import type { CoolDown } from "./cool-down.ts";
import { CANCELLED, EXPIRED, loggedEnd, loggedWrites, outcomeOf } from "./ends.ts";
import { checkLifetime, checkProof } from "./proof.ts";

export type PlayParts = {
  readonly sandbox: Sandbox<SnapshotSource>;
  readonly namespaces: Namespaces;
  readonly verifier: Verifier;
  readonly policy: Policy;
  readonly coolDown: CoolDown;
};

/**
 * One play from proof to record: verify, look whether it happened already, ask the policy, run, commit.
 * @throws {WireError} where the play is refused and nothing is logged. Any other rejection leaves its outcome unknown.
 */
export async function playTask(
  parts: PlayParts,
  { task, cancelled }: ClaimedTask,
  onEvent: (event: Event) => void,
): Promise<Outcome> {
  const envelope = checkProof(task, parts.verifier);
  return parts.namespaces.with(task.circle, async (namespace) => {
    const before = await recall(namespace, task);
    if (before) return before;
    if (envelope) checkLifetime(envelope);
    checkPolicy(parts.policy, task);
    const end = await run(parts, namespace, task, cancelled, onEvent);
    const until = envelope
      ? envelope.expires_at + TASK_MEMORY_AFTER_EXPIRY_S
      : Math.ceil(Date.now() / 1000) + TASK_MEMORY_UNSIGNED_S;
    const { id, caller, hashes } = task;
    return outcomeOf(end.end, await namespace.commit({ task: id, caller, ...hashes, until, ...end }));
  });
}

/** The outcome of a play that happened before, from the log. @throws {WireError} -32009 if its id was another play's. */
async function recall(namespace: Namespace, { id, caller, hashes }: Task): Promise<Outcome | undefined> {
  const known = await namespace.recall(caller, id);
  if (!known) return undefined;
  if (isSamePlay(known.record, hashes)) return outcomeOf(known.record.end, known.head);
  throw new WireError(ErrorCode.TaskIdReused, "task id: expected a new one, got one that another play has");
}

function checkPolicy(policy: Policy, { circle, caller }: Task): void {
  const decision = policy({ circle, caller });
  if (decision.allow) return;
  const { capability } = decision;
  throw new WireError(ErrorCode.Denied, `denied by the circle's policy: missing ${capability}`, { capability });
}

type Ended = { readonly end: LoggedEnd; readonly writes: readonly LoggedWrite[] };

async function run(
  { sandbox, coolDown }: PlayParts,
  namespace: Namespace,
  task: Task,
  cancelled: AbortSignal,
  onEvent: (event: Event) => void,
): Promise<Ended> {
  if (cancelled.aborted) return { end: CANCELLED, writes: [] };
  const left = task.deadline - Date.now();
  if (left <= 0) return { end: EXPIRED, writes: [] };
  checkCoolDown(coolDown, task);
  const { script, args, caller, circle } = task;
  const result = await sandbox.run(
    { script, args, caller, circle, snapshot: namespace.snapshot() },
    { limits: { wallMs: Math.min(left, DEFAULT_LIMITS.wallMs) }, onEvent, signal: cancelled },
  );
  if (result.killed) coolDown.start(caller);
  return checkedEnd(namespace, result, cancelled);
}

/** A script's end as it is to be committed: from here on a cancel comes too late. */
async function checkedEnd(namespace: Namespace, { end, writes }: ScriptResult, cancelled: AbortSignal): Promise<Ended> {
  const logged = loggedWrites(writes);
  if (logged.length > 0) {
    try {
      await namespace.checkWrites(logged);
    } catch (error) {
      if (!(error instanceof NameRefused)) throw error;
      const { message } = error;
      return { end: loggedEnd({ kind: "thrown", name: "TypeError", message }), writes: [] };
    }
  }
  return cancelled.aborted ? { end: CANCELLED, writes: [] } : { end: loggedEnd(end), writes: logged };
}

function checkCoolDown(coolDown: CoolDown, { caller }: Task): void {
  const wait = coolDown.left(caller);
  if (wait === 0) return;
  const data: LimitReached = { limit: "cool_down", allowed: 0, retry_after_ms: wait };
  throw new WireError(ErrorCode.Busy, "busy: a script of this caller had to be killed; it cools down", data);
}
