import { inTime } from "./in-time.ts";
import { digestText } from "./keys/curve.ts";
import type { Signer } from "./keys/signer.ts";
import type { Envelope } from "./protocol/envelope.ts";
import type { PublicKey, TaskId } from "./protocol/ids.ts";
import { DEFAULT_TIMEOUT_MS } from "./protocol/limits.ts";

export type PlayToSign = {
  readonly circle: PublicKey;
  readonly id: TaskId;
  readonly script: string;
  /** Canonical JSON. */
  readonly args: string;
  readonly timeoutMs?: number;
};

/**
 * The envelope of a play, good from now on for `lifetimeS` by the relay's clock, which is `clockOffsetS` ahead. Rejects as the
 * signer does, and with `DeadlineError` if it has not signed within the play's own time.
 */
export async function signPlay(
  { script, args, id, ...play }: PlayToSign,
  { signer, clockOffsetS, lifetimeS }: { signer: Signer; clockOffsetS: number; lifetimeS: number },
): Promise<Envelope> {
  const issuedAt = Math.floor(Date.now() / 1000) + clockOffsetS;
  const expiresAt = issuedAt + lifetimeS;
  const hashes = { script: await digestText(script), args: await digestText(args) };
  const caller = signer.publicKey;
  const signing = signer.signPlay({ ...play, ...hashes, caller, taskId: id, issuedAt, expiresAt });
  const signature = await inTime(signing, play.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const { delegation } = signer;
  return { issued_at: issuedAt, expires_at: expiresAt, signature, ...(delegation ? { delegation } : {}) };
}
