import {
  ErrorCode,
  type LimitReached,
  type PublicKey,
  TASK_MEMORY_AFTER_EXPIRY_S,
  TASK_MEMORY_UNSIGNED_S,
  WireError,
} from "@circles/sdk/protocol";
import type { Cancelled, ClaimedTask } from "../broker/broker.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { FinalEnd } from "../namespace/record.ts";
import type { Delegations } from "../signatures/delegations.ts";
import type { Verifier } from "../signatures/verifier.ts";
import { APPROVED, isSamePlay, type Outcome, type Task } from "../task.ts";
import { type AskingPlay, isExpired } from "./asking-play.ts";
import type { Authorities } from "./authorities.ts";
import type { CoolDown } from "./cool-down.ts";
import {
  CANCELLED,
  DEVICE,
  deadLetter,
  denied,
  deniedByOwner,
  EXPIRED,
  endOfRefused,
  outcomeOf,
  UNANSWERED,
} from "./ends.ts";
import type { Inboxes } from "./inbox.ts";
import { checkLifetime, checkProof, type Trust } from "./proof.ts";

export type AdmissionParts = {
  readonly verifier: Verifier;
  readonly delegations: Delegations;
  readonly authorities: Authorities;
  readonly inboxes: Inboxes;
  readonly coolDown: CoolDown;
  readonly trust: Trust;
};

/** A task that so many workers died with is not given to another one. */
const MOST_ATTEMPTS = 3;

/** A play that may be played: proven, not known to have ended, and allowed. */
export type Admitted = {
  /** Unix seconds until which its id answers with its end. */
  readonly until: number;
  /** Its end, where it is known without running it. */
  readonly end: FinalEnd | undefined;
  /** Its entry in the owner's inbox, if it has asked for something. */
  readonly entry: AskingPlay | undefined;
  /** The key that signed it for its caller; `undefined` where that was the caller's own, or none did. */
  readonly device: PublicKey | undefined;
};

/**
 * Looks at a task before it is run: verifies it, looks whether it happened already, asks the policy. Answers the outcome
 * of a play that ended before. @throws {WireError} where the play is refused; nothing is logged then.
 */
export async function admit(
  { authorities, inboxes, coolDown, ...proofParts }: AdmissionParts,
  namespace: Namespace,
  { task, cancelled, attempts }: ClaimedTask,
): Promise<Admitted | Outcome> {
  // A play that the owner allowed was proven when it was first admitted; that it was, the circle's log says below.
  const envelope = task.proof === APPROVED ? undefined : checkProof(task, proofParts);
  const known = await namespace.recall(task.caller, task.id);
  if (known && !isSamePlay(known.record, task.hashes)) {
    throw new WireError(ErrorCode.TaskIdReused, "task id: expected a new one, got one that another play has");
  }
  if (known && known.record.end.status !== "waiting") return outcomeOf(known.record.end, known.head);
  if (known) {
    const { until, device } = known.record;
    const admitted = { until, device, entry: inboxes.of(namespace).ofTask(task) };
    // One that waited may have been under way since, as often as any other.
    if (attempts >= MOST_ATTEMPTS) return { ...admitted, end: deadLetter(attempts) };
    const revoked = authorities.revokes(namespace, device) ? endOfRefused(denied(DEVICE)) : undefined;
    return { ...admitted, end: endOfWaiting(admitted.entry, cancelled) ?? revoked };
  }
  if (task.proof === APPROVED) checkProof(task, proofParts); // nothing here says that it was
  const device = envelope?.delegation?.device;
  if (envelope) checkLifetime(envelope, task.circle);
  else if (task.proof !== APPROVED && authorities.refusesUnsigned(namespace)) throw denied(SIGNATURE);
  if (authorities.revokes(namespace, device)) throw denied(DEVICE);
  authorities.check(namespace, task);
  const now = Date.now();
  const until = envelope
    ? envelope.expires_at + TASK_MEMORY_AFTER_EXPIRY_S
    : Math.ceil(now / 1000) + TASK_MEMORY_UNSIGNED_S;
  const admitted = { until, device, entry: undefined };
  if (cancelled.aborted) return { ...admitted, end: CANCELLED };
  if (attempts >= MOST_ATTEMPTS) return { ...admitted, end: deadLetter(attempts) };
  if (task.deadline <= now) return { ...admitted, end: EXPIRED };
  if (coolDown.left(task) > 0) throw coolingDown(coolDown, task);
  return { ...admitted, end: undefined };
}

/** What a play lacks that its caller did not sign, where a policy asks for that. */
export const SIGNATURE = "signature";

/** How a play that waited ends without running, if it does. */
function endOfWaiting(entry: AskingPlay | undefined, cancelled: Cancelled): FinalEnd | undefined {
  if (cancelled.aborted) return CANCELLED;
  if (!entry || (entry.state === "waiting" && isExpired(entry))) return UNANSWERED;
  return entry.state === "denied" ? deniedByOwner(entry) : undefined;
}

/** What a caller is told whose script had to be killed a short while ago. */
export function coolingDown(coolDown: CoolDown, task: Task): WireError {
  const data: LimitReached = { limit: "cool_down", allowed: 0, retry_after_ms: coolDown.left(task) };
  return new WireError(ErrorCode.Busy, "busy: a script of this caller had to be killed; it cools down", data);
}
