import { describe, type PublicKey, parsePublicKey } from "../protocol/ids.ts";
import { Point } from "./curve.ts";

/**
 * Reads a public key as people write it (hex of either case, `0x` before it or not, compressed or uncompressed per
 * SEC 1 §2.3.4) and returns the one form used inside. @throws {TypeError} unless it is a point on secp256k1.
 */
export function canonicalPublicKey(text: unknown): PublicKey {
  const hex = typeof text === "string" ? text.replace(/^0x/i, "").toLowerCase() : "";
  if (!/^(?:0[23][0-9a-f]{64}|04[0-9a-f]{128})$/.test(hex)) {
    throw new TypeError(`public key: expected a compressed or uncompressed key in hex, got ${describe(text)}`);
  }
  try {
    return parsePublicKey(Point.fromHex(hex).toHex(true));
  } catch (cause) {
    throw new TypeError("public key: expected a point on secp256k1, got one that is not", { cause });
  }
}
