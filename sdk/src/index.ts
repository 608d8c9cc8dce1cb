/** Send scripts to other peers' circles: keys, login and `play`, in browsers and in Node. */
export { generateKeypair, type Keypair, keypairFrom } from "./keys/keypair.ts";
export type { Signer } from "./keys/signer.ts";
