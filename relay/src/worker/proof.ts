import { CLOCK_SKEW_S, type Envelope, ErrorCode, playText, WireError } from "@circles/sdk/protocol";
import type { Verifier } from "../signatures/verifier.ts";
import { type Task, VOUCHED_IN_PROCESS } from "../task.ts";

/**
 * Did the task's caller ask for this play? Checked by the worker before anything is logged or run, so that whoever can
 * write to a queue is still nobody else. Answers the envelope, if the caller signed one. @throws {WireError} -32010
 */
export function checkProof(task: Task, verifier: Verifier): Envelope | undefined {
  if (task.proof === VOUCHED_IN_PROCESS) return undefined;
  if (task.proof.kind !== "envelope") throw refused("expected the caller's signature or a gateway's in this process");
  const { envelope } = task.proof;
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
