import {
  ErrorCode,
  type LimitReached,
  TASK_MEMORY_AFTER_EXPIRY_S,
  TASK_MEMORY_UNSIGNED_S,
  WireError,
} from "@circles/sdk/protocol";
import type { ClaimedTask } from "../broker/broker.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { LoggedEnd } from "../namespace/record.ts";
import { type Decision, EVERYTHING, type Policy } from "../policy/policy.ts";
import type { Verifier } from "../signatures/verifier.ts";
import { isSamePlay, type Outcome, type Task } from "../task.ts";
import type { CoolDown } from "./cool-down.ts";
import { CANCELLED, EXPIRED, outcomeOf } from "./ends.ts";
import { checkLifetime, checkProof } from "./proof.ts";

export type AdmissionParts = {
  readonly verifier: Verifier;
  readonly policy: Policy;
  readonly coolDown: CoolDown;
};

/** A play that may be played: proven, not known to have happened, and allowed. */
export type Admitted = {
  /** Unix seconds until which its id answers with its end. */
  readonly until: number;
  /** Its end, where it is known without running it. */
  readonly end: LoggedEnd | undefined;
};

/**
 * Looks at a task before it is run: verifies it, looks whether it happened already, asks the policy. Answers the outcome
 * of a play that happened. @throws {WireError} where the play is refused; nothing is logged then.
 */
export async function admit(
  { verifier, policy, coolDown }: AdmissionParts,
  namespace: Namespace,
  { task, cancelled }: ClaimedTask,
): Promise<Admitted | Outcome> {
  const envelope = checkProof(task, verifier);
  const before = await recall(namespace, task);
  if (before) return before;
  if (envelope) checkLifetime(envelope);
  checkPolicy(policy, task);
  const now = Date.now();
  const until = envelope
    ? envelope.expires_at + TASK_MEMORY_AFTER_EXPIRY_S
    : Math.ceil(now / 1000) + TASK_MEMORY_UNSIGNED_S;
  if (cancelled.aborted) return { until, end: CANCELLED };
  if (task.deadline <= now) return { until, end: EXPIRED };
  if (coolDown.left(task.caller) > 0) throw coolingDown(coolDown, task);
  return { until, end: undefined };
}

/** The outcome of a play that happened before, from the log. @throws {WireError} -32009 if its id was another play's. */
async function recall(namespace: Namespace, { id, caller, hashes }: Task): Promise<Outcome | undefined> {
  const known = await namespace.recall(caller, id);
  if (!known) return undefined;
  if (isSamePlay(known.record, hashes)) return outcomeOf(known.record.end, known.head);
  throw new WireError(ErrorCode.TaskIdReused, "task id: expected a new one, got one that another play has");
}

function checkPolicy(policy: Policy, { circle, caller }: Task): void {
  const decision = decide(policy, { circle, caller });
  if (decision.allow) return;
  const { capability, cause } = decision;
  const message = `denied by the circle's policy: missing ${capability}`;
  throw new WireError(ErrorCode.Denied, message, { capability }, { cause });
}

/** A policy that throws denies; what it threw goes with the denial, for somebody to look at. */
function decide(policy: Policy, play: Parameters<Policy>[0]): Decision & { cause?: unknown } {
  try {
    return policy(play);
  } catch (cause) {
    return { allow: false, capability: EVERYTHING, cause };
  }
}

/** What a caller is told whose script had to be killed a short while ago. */
export function coolingDown(coolDown: CoolDown, { caller }: Task): WireError {
  const data: LimitReached = { limit: "cool_down", allowed: 0, retry_after_ms: coolDown.left(caller) };
  return new WireError(ErrorCode.Busy, "busy: a script of this caller had to be killed; it cools down", data);
}
