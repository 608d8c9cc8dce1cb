import { createRequire } from "node:module";
import { verifierOf } from "./arithmetic.ts";
import type { Verifier } from "./verifier.ts";

/** What we use of the npm package `secp256k1`. */
type Binding = {
  /** @throws {Error} on r or s of n and above. */
  ecdsaVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
  /** Returns the uncompressed form for `false`. @throws {Error} on a key off the curve. */
  publicKeyConvert(publicKey: Uint8Array, compressed: boolean): Uint8Array;
};

/**
 * libsecp256k1, compiled. @throws {Error} where its binding is not installed or not built for this machine.
 *
 * The main file of the package falls back to `elliptic` without saying so, an implementation that was found more than once
 * to take what it must refuse; only the binding itself is loaded here.
 */
export function makeNativeVerifier(): Verifier {
  const binding = createRequire(import.meta.url)("secp256k1/bindings.js") as Binding;
  return verifierOf<Uint8Array>({
    name: "secp256k1, native",
    decodeKey: (compressed) => unlessThrown(() => binding.publicKeyConvert(compressed, false)),
    verify: (signature, { hash }, key) => unlessThrown(() => binding.ecdsaVerify(signature, hash, key)) ?? false,
  });
}

/** The binding throws on what it cannot parse. All lengths are right, so it is the numbers in it that are not. */
function unlessThrown<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
