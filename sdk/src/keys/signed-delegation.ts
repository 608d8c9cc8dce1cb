import { checkRoot, delegationFields, delegationText, type SignedDelegation } from "../protocol/delegation.ts";
import { walletDelegationText } from "../protocol/wallet-delegation.ts";
import { ethereumAddress, verifyPersonal } from "./ethereum.ts";
import { verifySignature } from "./verify.ts";

/**
 * The text that the root of a delegation signed, made of its fields: what a play's signature covers of it is the SHA-256 of
 * this. `addressOf` is for who has a faster one. @throws {TypeError}, {RangeError} or {Error} where no text can be made of them.
 */
export function signedDelegationText(delegation: SignedDelegation, addressOf = ethereumAddress): string {
  const fields = delegationFields(delegation);
  if (delegation.scheme === undefined) return delegationText(fields);
  if (delegation.scheme !== "eip191")
    throw new TypeError("delegation: expected the scheme eip191 or none, got another");
  checkRoot(fields);
  return walletDelegationText(fields, addressOf(fields.root));
}

/** Did its root sign this? Whether it counts in a circle now is another question (`delegationFault`). Never throws. */
export function verifyDelegation(delegation: SignedDelegation): boolean {
  try {
    const { scheme, signature, root } = delegation;
    const verify = scheme === undefined ? verifySignature : verifyPersonal;
    return verify(signature, signedDelegationText(delegation), root);
  } catch {
    return false;
  }
}
