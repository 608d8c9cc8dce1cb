import {
  CLOCK_SKEW_S,
  delegationFault,
  type Envelope,
  ErrorCode,
  type PublicKey,
  playText,
  type Sha256,
  type SignedDelegation,
  WireError,
} from "@circles/sdk/protocol";
import type { Delegations } from "../signatures/delegations.ts";
import { vouchedText } from "../signatures/gateway-key.ts";
import type { Verifier } from "../signatures/verifier.ts";
import { type Task, VOUCHED_IN_PROCESS } from "../task.ts";

/** Who is believed beside callers themselves and gateways in this process. */
export type Trust = {
  /** Gateways elsewhere, by their keys. */
  readonly gateways: ReadonlySet<PublicKey>;
  /** Whoever can write to the queues is believed: the specification's own model. */
  readonly relay: boolean;
};

export type ProofParts = { readonly verifier: Verifier; readonly delegations: Delegations; readonly trust?: Trust };

export const NOBODY: Trust = { gateways: new Set(), relay: false };

/**
 * Did the task's caller ask for this play? Checked by the worker before anything is logged or run, so that whoever can
 * write to a queue is still nobody else. Answers the envelope, if the caller signed one. @throws {WireError} -32010
 */
export function checkProof(task: Task, parts: ProofParts): Envelope | undefined {
  const { verifier, delegations, trust = NOBODY } = parts;
  const { proof } = task;
  if (proof === VOUCHED_IN_PROCESS) return undefined;
  if (proof.kind === "gateway" && isVouched(task, proof, { verifier, trust })) return undefined;
  if (proof.kind !== "envelope") {
    if (trust.relay && proof.kind !== "approved") return undefined;
    throw refused("expected the caller's signature or a trusted gateway's");
  }
  const { envelope } = proof;
  const { delegation } = envelope;
  const hash = delegation && checkDelegation(task, delegation, delegations);
  if (!verifier.verify(envelope.signature, signedText(task, envelope, hash), delegation?.device ?? task.caller)) {
    throw refused("expected the caller's signature over this play, got another");
  }
  return envelope;
}

/** The hash of a delegation that the caller signed for this circle. @throws {WireError} -32010 */
function checkDelegation({ caller, circle }: Task, delegation: SignedDelegation, delegations: Delegations): Sha256 {
  if (delegation.root !== caller) throw refused("expected a delegation of the caller, got another's");
  const hash = delegations.hashOf(delegation);
  if (!hash) throw refused("expected the root's signature over the delegation, got another");
  const { circles } = delegation;
  if (circles === "*" || circles.includes(circle)) return hash;
  throw refused("expected a delegation for this circle, got one for others");
}

/**
 * @throws {WireError} -32008 if the envelope, or the delegation in it, is not valid now. To be asked once: before its play
 * first begins.
 */
export function checkLifetime(
  { issued_at, expires_at, delegation }: Envelope,
  circle: PublicKey,
  now = Math.floor(Date.now() / 1000),
): void {
  const fault = delegation && delegationFault(delegation, { circle, now });
  if (delegation && fault) {
    const data = { not_before: delegation.not_before, expires_at: delegation.expires_at, now };
    const what = fault === "expired" ? "expired" : "not yet valid";
    throw new WireError(ErrorCode.Expired, `delegation: ${what}`, data);
  }
  const data = { issued_at, expires_at, now };
  if (expires_at + CLOCK_SKEW_S < now) throw new WireError(ErrorCode.Expired, "envelope: expired", data);
  if (issued_at - CLOCK_SKEW_S > now) throw new WireError(ErrorCode.Expired, "envelope: not yet valid", data);
}

/** A gateway's word is good until the deadline that it signed: repeated later, the play ends as expired. */
function isVouched(
  task: Task,
  { gateway, signature }: Extract<Task["proof"], { kind: "gateway" }>,
  { verifier, trust }: Required<Pick<ProofParts, "verifier" | "trust">>,
): boolean {
  return trust.gateways.has(gateway) && verifier.verify(signature, vouchedText(task), gateway);
}

function signedText(task: Task, envelope: Envelope, delegation: Sha256 | undefined): string {
  try {
    return playText({
      circle: task.circle,
      caller: task.caller,
      taskId: task.id,
      ...task.hashes,
      timeoutMs: task.timeoutMs,
      issuedAt: envelope.issued_at,
      expiresAt: envelope.expires_at,
      delegation,
    });
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error));
  }
}

function refused(why: string): WireError {
  return new WireError(ErrorCode.BadEnvelope, `envelope: ${why}`);
}
