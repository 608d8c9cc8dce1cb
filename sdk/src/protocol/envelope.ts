import type { SignedDelegation } from "./delegation.ts";
import type { PublicKey, Sha256, Signature, TaskId } from "./ids.ts";
import { parsePublicKey, parseSha256, parseTaskId } from "./ids.ts";
import { MAX_ENVELOPE_LIFETIME_S, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS } from "./limits.ts";
import { checkSpan, checkWhole } from "./whole-numbers.ts";

/** What the signature of a play covers. */
export type PlayFields = {
  readonly circle: PublicKey;
  /** The caller that the script will see: the root key where a device key signs. */
  readonly caller: PublicKey;
  readonly taskId: TaskId;
  /** SHA-256 of the script's UTF-8 bytes. */
  readonly script: Sha256;
  /** SHA-256 of the canonical JSON of the arguments (`canonicalJson`); arguments left out are `null`. */
  readonly args: Sha256;
  /** As sent with the play; `undefined` where the play names none. */
  readonly timeoutMs?: number | undefined;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds, at most 24 h after `issuedAt`. */
  readonly expiresAt: number;
  /** SHA-256 of the text that the root signed (E5, or W1 for a wallet), when a device key signs for its root. */
  readonly delegation?: Sha256 | undefined;
};

/** The signed part of a `play` request; everything else that it covers stands in the request and the connection. */
export type Envelope = {
  issued_at: number;
  expires_at: number;
  /** By the caller's key, or by the device key of `delegation`, over `playText`. */
  signature: Signature;
  delegation?: SignedDelegation;
};

/**
 * The exact text whose UTF-8 bytes a play's signature covers (rule E1 of SPEC.md). Base64 cannot begin like it, so no
 * login signature is ever a play's. @throws {TypeError} or {RangeError} on a field that has not its form.
 */
export function playText(fields: PlayFields): string {
  const { timeoutMs, delegation } = fields;
  if (timeoutMs !== undefined) checkWhole("timeout_ms", timeoutMs, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS);
  checkSpan("envelope", fields.issuedAt, fields.expiresAt, MAX_ENVELOPE_LIFETIME_S);
  return `circles-play/1
circle:${parsePublicKey(fields.circle)}
caller:${parsePublicKey(fields.caller)}
task:${parseTaskId(fields.taskId)}
script:${parseSha256(fields.script)}
args:${parseSha256(fields.args)}
timeout_ms:${timeoutMs ?? "-"}
issued:${fields.issuedAt}
expires:${fields.expiresAt}
delegation:${delegation === undefined ? "-" : parseSha256(delegation)}
`;
}
