import { instantiateSecp256k1 } from "@bitauth/libauth";
import { verifierOf } from "./arithmetic.ts";
import type { Verifier } from "./verifier.ts";

/** libsecp256k1, compiled to WebAssembly: on every machine, at a third of the speed. */
export async function makeWasmVerifier(): Promise<Verifier> {
  const secp256k1 = await instantiateSecp256k1();
  return verifierOf<Uint8Array>({
    name: "secp256k1, WebAssembly",
    decodeKey(compressed) {
      const key = secp256k1.uncompressPublicKey(compressed);
      return typeof key === "string" ? undefined : key; // a text says what was wrong
    },
    verify: (signature, { hash }, key) => secp256k1.verifySignatureCompactLowS(signature, key, hash),
  });
}
