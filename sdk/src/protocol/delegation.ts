import { type PublicKey, parsePublicKey, type Signature } from "./ids.ts";
import { CLOCK_SKEW_S, MAX_DELEGATION_CIRCLES, MAX_DELEGATION_LIFETIME_S } from "./limits.ts";
import { checkSpan } from "./whole-numbers.ts";

/** What a root key signs so that a device key may log in and play in its name. */
export type DelegationFields = {
  readonly root: PublicKey;
  /** Another key than the root. */
  readonly device: PublicKey;
  /** The circles it is good for, 1 to 100; `"*"` for all. */
  readonly circles: readonly PublicKey[] | "*";
  /** Unix seconds. */
  readonly notBefore: number;
  /** Unix seconds, at most 30 days after `notBefore`. */
  readonly expiresAt: number;
};

/** What is delegated, whoever does. */
export type Delegated = Omit<DelegationFields, "root">;

/** A delegation as it travels. */
export type SignedDelegation = {
  root: PublicKey;
  device: PublicKey;
  circles: PublicKey[] | "*";
  not_before: number;
  expires_at: number;
  /** Left out where the root signs `delegationText`; `eip191` where a wallet signs `walletDelegationText`. */
  scheme?: "eip191";
  /** By the root key, r‖s with a low s. */
  signature: Signature;
};

/** The exact text that a root key signs (rule E5 of SPEC.md). @throws {TypeError} or {RangeError} on a bad field. */
export function delegationText(fields: DelegationFields): string {
  checkRoot(fields);
  const { device, circles, notBefore, expiresAt } = checkDelegated(fields);
  return `circles-delegation/1
root:${fields.root}
device:${device}
circles:${circles === "*" ? "*" : circles.join(",")}
not_before:${notBefore}
expires:${expiresAt}
`;
}

/** A key delegates nothing to itself. @throws {TypeError} */
export function checkRoot({ root, device }: Pick<DelegationFields, "root" | "device">): void {
  if (parsePublicKey(root) !== device) return;
  throw new TypeError("delegation: expected a device key that is not the root's, got the root's");
}

/** Returns what is delegated if a text may be made of it. @throws {TypeError} or {RangeError} */
export function checkDelegated(fields: Delegated): Delegated {
  const { device, circles, notBefore, expiresAt } = fields;
  checkSpan("delegation", notBefore, expiresAt, MAX_DELEGATION_LIFETIME_S);
  parsePublicKey(device);
  if (circles === "*") return fields;
  if (!Array.isArray(circles) || circles.length === 0 || circles.length > MAX_DELEGATION_CIRCLES) {
    throw new RangeError(`delegation: expected 1 to ${MAX_DELEGATION_CIRCLES} circles, or "*", got another number`);
  }
  for (const circle of circles as readonly PublicKey[]) parsePublicKey(circle);
  return fields;
}

/** What was signed, as it was before it travelled. */
export function delegationFields({ root, device, circles, ...times }: SignedDelegation): DelegationFields {
  return { root, device, circles, notBefore: times.not_before, expiresAt: times.expires_at };
}

/** Why a delegation does not count in a circle at a time (rule D1 of SPEC.md); its signature is another question. */
export type DelegationFault = "other-circle" | "not-yet-valid" | "expired";

/** `now` in Unix seconds, by the clock of a relay. */
export function delegationFault(
  { circles, not_before, expires_at }: SignedDelegation,
  { circle, now }: { circle: PublicKey; now: number },
): DelegationFault | undefined {
  if (circles !== "*" && !circles.includes(circle)) return "other-circle";
  if (not_before - CLOCK_SKEW_S > now) return "not-yet-valid";
  return expires_at + CLOCK_SKEW_S < now ? "expired" : undefined;
}
