/** Keys of peers: making, importing, signing and verifying. */
export { sha256Hex } from "./hash.ts";
export { generateKeypair, Keypair, keypairFrom } from "./keypair.ts";
export { checkNonce, NonceRefused } from "./login.ts";
export { canonicalPublicKey } from "./public-key.ts";
export type { Dialled, Signer } from "./signer.ts";
export { verifySignature } from "./verify.ts";
