import { hash } from "node:crypto";
import type { PublicKey } from "@circles/sdk/protocol";
import type { Verifier } from "./verifier.ts";

/** One implementation of ECDSA on secp256k1. It sees bytes of the right length only; that all is in range is its to check. */
export type Arithmetic<Key> = {
  readonly name: string;
  /** Reads a compressed key of 33 bytes; `undefined` if it is no point of the curve. */
  decodeKey(compressed: Uint8Array): Key | undefined;
  /** Of r‖s, 64 bytes; the high s is refused. */
  verify(signature: Uint8Array, message: Message, key: Key): boolean;
};

/** A hash of 32 bytes, and the text, if it is the SHA-256 of one. */
type Message = { readonly hash: Uint8Array; readonly text?: string };

/**
 * Decoding a key takes a square root, a tenth of a verification with libsecp256k1, and most callers come again. What a
 * stranger can do is to push others out, and then they are decoded again.
 */
const MOST_KEYS = 4_096;

/** A verifier that lets nothing reach the arithmetic but the one form of rules K1 and K4, and remembers decoded keys. */
export function verifierOf<Key>(arithmetic: Arithmetic<Key>): Verifier {
  /** The one that came first, first. */
  const decoded = new Map<PublicKey, Key>();

  function keyOf(publicKey: PublicKey): Key | undefined {
    const known = decoded.get(publicKey);
    if (known !== undefined) return known;
    if (typeof publicKey !== "string" || !/^0[23][0-9a-f]{64}$/.test(publicKey)) return undefined;
    const key = arithmetic.decodeKey(Buffer.from(publicKey, "hex"));
    if (key === undefined) return undefined;
    for (const oldest of decoded.keys()) {
      if (decoded.size < MOST_KEYS) break;
      decoded.delete(oldest);
    }
    decoded.set(publicKey, key);
    return key;
  }

  function verify(signature: string, publicKey: PublicKey, makeMessage: () => Message): boolean {
    if (typeof signature !== "string" || !/^[0-9a-f]{128}$/.test(signature)) return false;
    const key = keyOf(publicKey);
    return key !== undefined && arithmetic.verify(Buffer.from(signature, "hex"), makeMessage(), key);
  }

  return {
    name: arithmetic.name,
    verify(signature, text, publicKey) {
      if (typeof text !== "string") return false;
      return verify(signature, publicKey, () => ({ text, hash: hash("sha256", text, "buffer") }));
    },
    verifyHash(signature, given, publicKey) {
      if (!(given instanceof Uint8Array) || given.length !== 32) return false;
      return verify(signature, publicKey, () => ({ hash: given }));
    },
  };
}
