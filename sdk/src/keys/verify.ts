import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { type PublicKey, parsePublicKey, parseSignature, type Signature } from "../protocol/ids.ts";
import { verify } from "./plain-curve.ts";

/**
 * Is `signature` (r‖s, low-s) `publicKey`'s ECDSA signature over the SHA-256 of the text's UTF-8 bytes? Never throws:
 * anything that is not such a signature, key or point answers false.
 */
export function verifySignature(signature: Signature, text: string, publicKey: PublicKey): boolean {
  try {
    const bytes = hexToBytes(parseSignature(signature));
    return verify(bytes, utf8ToBytes(text), hexToBytes(parsePublicKey(publicKey)), { lowS: true });
  } catch {
    return false; // noble throws on keys off the curve and on r or s out of range
  }
}
