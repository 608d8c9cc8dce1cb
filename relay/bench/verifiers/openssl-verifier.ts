import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { verifierOf } from "../../src/signatures/arithmetic.ts";
import type { TextVerifier } from "../../src/signatures/verifier.ts";

/** SubjectPublicKeyInfo (RFC 5480 §2) of a compressed key on secp256k1, up to the key. */
const SPKI_START = Buffer.from("3036301006072a8648ce3d020106052b8104000a032200", "hex");
/** (n - 1) / 2, the highest s that is low. OpenSSL takes both. */
const HIGHEST_LOW_S = Buffer.from("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0", "hex");

/** OpenSSL, as Node has it built in. */
export function makeOpensslVerifier(): TextVerifier {
  return verifierOf<KeyObject>({
    name: "OpenSSL, node:crypto",
    decodeKey(compressed) {
      try {
        return createPublicKey({ key: Buffer.concat([SPKI_START, compressed]), format: "der", type: "spki" });
      } catch {
        return undefined; // it throws on keys off the curve
      }
    },
    verify(signature, { text }, key) {
      if (HIGHEST_LOW_S.compare(signature, 32) < 0) return false;
      if (text === undefined) return false; // Node hashes what it verifies
      return verify("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }, signature);
    },
  });
}
