/** Keys of peers: making, importing, signing and verifying. */
export { type DelegateOptions, delegate } from "./delegation.ts";
export { DelegationRefused, deviceSigner } from "./device-signer.ts";
export { ethereumAddress, personalDigest, pointAddress } from "./ethereum.ts";
export { sha256Hex } from "./hash.ts";
export { generateKeypair, Keypair, keypairFrom } from "./keypair.ts";
export { checkNonce, NonceRefused } from "./login.ts";
export { canonicalPublicKey } from "./public-key.ts";
export { signedDelegationText, verifyDelegation } from "./signed-delegation.ts";
export type { Dialled, Signer } from "./signer.ts";
export { verifySignature } from "./verify.ts";
