import type { Delegated, DelegationFields, SignedDelegation } from "../protocol/delegation.ts";
import { MAX_CLOCK_OFFSET_S, MAX_DELEGATION_LIFETIME_S } from "../protocol/limits.ts";
import { canonicalPublicKey } from "./public-key.ts";
import type { Signer } from "./signer.ts";

export type DelegateOptions = {
  /** The key that may act for the root. */
  readonly device: string;
  /** Circles by their keys, 1 to 100; `"*"` for every circle. */
  readonly circles: readonly string[] | "*";
  /** How long from now, at most 2,592,000: 30 days. Either this or `expiresAt`. */
  readonly lifetimeS?: number;
  /** Unix seconds. */
  readonly expiresAt?: number;
  /** Unix seconds. Default: 5 minutes ago, for relays whose clocks are behind. */
  readonly notBefore?: number;
};

/**
 * Has a root key sign that a device key may log in and play in its name: for `deviceSigner`, where the device key is.
 * Whoever has that key is then this peer, in these circles and for that time. Rejects with `TypeError` or `RangeError` for
 * options that make no delegation, and where `root` acts for another key itself.
 */
export async function delegate(root: Signer, options: DelegateOptions): Promise<SignedDelegation> {
  const fields = { root: root.publicKey, ...makeDelegated(options) };
  const signature = await root.signDelegation(fields);
  return signed(fields, signature);
}

/** What a root is to sign. */
export function makeDelegated({ device, circles, lifetimeS, expiresAt, notBefore }: DelegateOptions): Delegated {
  if ((lifetimeS === undefined) === (expiresAt === undefined)) {
    throw new TypeError(
      `delegation: expected lifetimeS or expiresAt, got ${lifetimeS === undefined ? "neither" : "both"}`,
    );
  }
  const now = Math.floor(Date.now() / 1000);
  const end = expiresAt ?? now + (lifetimeS ?? 0);
  return {
    device: canonicalPublicKey(device),
    circles: circles === "*" ? circles : circles.map(canonicalPublicKey),
    notBefore: notBefore ?? Math.min(now, Math.max(now - MAX_CLOCK_OFFSET_S, end - MAX_DELEGATION_LIFETIME_S)),
    expiresAt: end,
  };
}

/** A delegation with its signature, as it travels. */
export function signed(
  { root, device, circles, notBefore, expiresAt }: DelegationFields,
  signature: SignedDelegation["signature"],
): SignedDelegation {
  return {
    root,
    device,
    circles: circles === "*" ? circles : [...circles],
    not_before: notBefore,
    expires_at: expiresAt,
    signature,
  };
}
