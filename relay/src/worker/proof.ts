import { CLOCK_SKEW_S, type Envelope, ErrorCode, type PublicKey, playText, WireError } from "@circles/sdk/protocol";
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

export const NOBODY: Trust = { gateways: new Set(), relay: false };

/**
 * Did the task's caller ask for this play? Checked by the worker before anything is logged or run, so that whoever can
 * write to a queue is still nobody else. Answers the envelope, if the caller signed one. @throws {WireError} -32010
 */
export function checkProof(task: Task, verifier: Verifier, trust: Trust = NOBODY): Envelope | undefined {
  const { proof } = task;
  if (proof === VOUCHED_IN_PROCESS) return undefined;
  if (proof.kind === "gateway" && isVouched(task, proof, { verifier, trust })) return undefined;
  if (proof.kind !== "envelope") {
    if (trust.relay && proof.kind !== "approved") return undefined;
    throw refused("expected the caller's signature or a trusted gateway's");
  }
  const { envelope } = proof;
  if (envelope.delegation) throw refused("expected the caller's own signature: delegations are not accepted here yet");
  if (!verifier.verify(envelope.signature, signedText(task, envelope), task.caller)) {
    throw refused("expected the caller's signature over this play, got another");
  }
  return envelope;
}

/** @throws {WireError} -32008 if the envelope is not valid now. To be asked once: before its play first begins. */
export function checkLifetime({ issued_at, expires_at }: Envelope, now = Math.floor(Date.now() / 1000)): void {
  const data = { issued_at, expires_at, now };
  if (expires_at + CLOCK_SKEW_S < now) throw new WireError(ErrorCode.Expired, "envelope: expired", data);
  if (issued_at - CLOCK_SKEW_S > now) throw new WireError(ErrorCode.Expired, "envelope: not yet valid", data);
}

/** A gateway's word is good until the deadline that it signed: repeated later, the play ends as expired. */
function isVouched(
  task: Task,
  { gateway, signature }: Extract<Task["proof"], { kind: "gateway" }>,
  { verifier, trust }: { verifier: Verifier; trust: Trust },
): boolean {
  return trust.gateways.has(gateway) && verifier.verify(signature, vouchedText(task), gateway);
}

function signedText(task: Task, envelope: Envelope): string {
  try {
    return playText({
      circle: task.circle,
      caller: task.caller,
      taskId: task.id,
      ...task.hashes,
      timeoutMs: task.timeoutMs,
      issuedAt: envelope.issued_at,
      expiresAt: envelope.expires_at,
    });
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error));
  }
}

function refused(why: string): WireError {
  return new WireError(ErrorCode.BadEnvelope, `envelope: ${why}`);
}
