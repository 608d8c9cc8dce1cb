import {
  type DelegationFault,
  delegationFault,
  delegationFields,
  delegationText,
  type SignedDelegation,
} from "../protocol/delegation.ts";
import type { PublicKey, Sha256 } from "../protocol/ids.ts";
import { digestText } from "./curve.ts";
import { checkNonce } from "./login.ts";
import type { Signer } from "./signer.ts";

/** The delegation does not count there or then: its root has to sign another one. */
export class DelegationRefused extends Error {
  override name = "DelegationRefused";
  readonly reason: DelegationFault;

  constructor(reason: DelegationFault) {
    super(SENTENCES[reason]);
    this.reason = reason;
  }
}

const SENTENCES: Readonly<Record<DelegationFault, string>> = {
  "other-circle": "delegation: expected one for this circle, got one for others",
  "not-yet-valid": "delegation: expected one that has begun, got one that begins later",
  expired: "delegation: expected one that has not ended, got one that has expired",
};

/**
 * Signs with a device key in the name of the root that signed `delegation`: logins and plays, no delegations. Both reject
 * with `DelegationRefused` where it does not count.
 * @throws {TypeError} if it is for another device key, or a wallet's (`walletSigner` of `@circles/sdk/wallet` takes that).
 */
export function deviceSigner(device: Signer, delegation: SignedDelegation): Signer {
  if (delegation.scheme !== undefined) {
    throw new TypeError("delegation: expected one that a key signed, got a wallet's; use walletSigner for it");
  }
  return signerUnder(device, delegation, delegationText(delegationFields(delegation)));
}

/** The same for whatever text the root signed. */
export function signerUnder(device: Signer, delegation: SignedDelegation, text: string): Signer {
  if (device.delegation || device.publicKey !== delegation.device) {
    throw new TypeError("delegation: expected one for this device key, got one for another");
  }
  const { root } = delegation;
  let hash: Promise<Sha256> | undefined;
  const check = (circle: PublicKey, now: number) => {
    const fault = delegationFault(delegation, { circle, now });
    if (fault) throw new DelegationRefused(fault);
  };
  return {
    publicKey: root,
    delegation,
    async signLogin(nonce, dialled) {
      const now = dialled.now ?? Math.floor(Date.now() / 1000);
      check(dialled.circle, now + checkNonce(nonce, dialled));
      return device.signLogin(nonce, dialled);
    },
    async signPlay(fields) {
      if (fields.caller !== root)
        throw new TypeError("play: expected the delegation's root as the caller, got another");
      check(fields.circle, fields.issuedAt);
      hash ??= digestText(text);
      return device.signPlay({ ...fields, delegation: await hash });
    },
    async signDelegation() {
      throw new TypeError("delegation: expected a root key to sign it, got a device key");
    },
  };
}
