import type { PublicKey, Sha256, Signature, TaskId } from "./ids.ts";
import { parsePublicKey, parseSha256, parseTaskId } from "./ids.ts";
import { MAX_DELEGATION_LIFETIME_S, MAX_ENVELOPE_LIFETIME_S, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS } from "./limits.ts";

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
  /** SHA-256 of the delegation's text, when a device key signs for its root. */
  readonly delegation?: Sha256 | undefined;
};

/** What a root key signs so that a device key may log in and play in its name. */
export type DelegationFields = {
  readonly root: PublicKey;
  readonly device: PublicKey;
  /** The circles it is good for, one or more; `"*"` for all. */
  readonly circles: readonly PublicKey[] | "*";
  /** Unix seconds. */
  readonly notBefore: number;
  /** Unix seconds, at most 30 days after `notBefore`. */
  readonly expiresAt: number;
};

/** A delegation as it travels. */
export type SignedDelegation = {
  root: PublicKey;
  device: PublicKey;
  circles: PublicKey[] | "*";
  not_before: number;
  expires_at: number;
  /** By the root key, over `delegationText`. */
  signature: Signature;
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

/** The exact text that a root key signs (rule E5 of SPEC.md). @throws {TypeError} or {RangeError} on a bad field. */
export function delegationText(fields: DelegationFields): string {
  checkSpan("delegation", fields.notBefore, fields.expiresAt, MAX_DELEGATION_LIFETIME_S);
  if (fields.circles.length === 0) throw new RangeError(`delegation: expected one circle or more, or "*", got none`);
  return `circles-delegation/1
root:${parsePublicKey(fields.root)}
device:${parsePublicKey(fields.device)}
circles:${fields.circles === "*" ? "*" : fields.circles.map(parsePublicKey).join(",")}
not_before:${fields.notBefore}
expires:${fields.expiresAt}
`;
}

function checkSpan(what: string, from: number, to: number, most: number): void {
  checkWhole(`${what} start`, from, 0, Number.MAX_SAFE_INTEGER);
  checkWhole(`${what} end`, to, 0, Number.MAX_SAFE_INTEGER);
  if (to <= from || to - from > most) {
    throw new RangeError(`${what}: expected to end within ${most} s of its start and after it, got ${to - from} s`);
  }
}

function checkWhole(what: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${what}: expected a whole number from ${least} to ${most}, got ${value}`);
  }
}
