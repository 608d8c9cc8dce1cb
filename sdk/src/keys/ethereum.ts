import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { type PublicKey, parsePublicKey, parseSignature, type Signature } from "../protocol/ids.ts";
import { Point, recoverPublicKey, verify } from "./plain-curve.ts";

/** The address of a key, as `checksummed` writes it. @throws {TypeError} or {Error} for what is no point of the curve. */
export function ethereumAddress(publicKey: PublicKey): string {
  return pointAddress(Point.fromHex(parsePublicKey(publicKey)).toBytes(false));
}

/** The same of 65 bytes, 04‖x‖y: the last 20 bytes of the Keccak-256 of x‖y. */
export function pointAddress(uncompressed: Uint8Array): string {
  return checksummed(`0x${bytesToHex(keccak_256(uncompressed.subarray(1)).subarray(12))}`);
}

/** An address, `0x` and 40 hex characters, with the capitals of EIP-55: the one form that people and texts see. */
export function checksummed(address: string): string {
  const digits = address.slice(2).toLowerCase();
  const capitals = bytesToHex(keccak_256(utf8ToBytes(digits)));
  return `0x${Array.from(digits, (digit, i) => (capitals.charAt(i) >= "8" ? digit.toUpperCase() : digit)).join("")}`;
}

/** What `personal_sign` signs of a text: EIP-191, version 0x45. */
export function personalDigest(text: string): Uint8Array {
  const bytes = utf8ToBytes(text);
  return keccak_256(concatBytes(utf8ToBytes(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes));
}

/** Is `signature` (r‖s, low-s) `publicKey`'s under what `personal_sign` signs of the text? Never throws. */
export function verifyPersonal(signature: Signature, text: string, publicKey: PublicKey): boolean {
  try {
    const key = hexToBytes(parsePublicKey(publicKey));
    return verify(hexToBytes(parseSignature(signature)), personalDigest(text), key, {
      prehash: false,
      lowS: true,
    });
  } catch {
    return false;
  }
}

/**
 * The key with this address, as `checksummed` writes it, that signed a text, and its signature as it travels: r‖s with the
 * low s. `given` is the hex of r‖s‖v, 65 bytes, or of 64 as EIP-2098 packs them. What v says is tried out, for wallets do not
 * agree on it.
 */
export function recoverPersonal(
  given: unknown,
  text: string,
  address: string,
): { publicKey: PublicKey; signature: Signature } | undefined {
  const hex = typeof given === "string" ? /^0x([0-9a-f]{128}(?:[0-9a-f]{2})?)$/i.exec(given)?.[1] : undefined;
  if (hex === undefined) return undefined;
  const bytes = hexToBytes(hex.toLowerCase()).subarray(0, 64);
  if (hex.length === 128) bytes[32] = (bytes[32] ?? 0) & 0x7f; // its top bit is v
  const digest = personalDigest(text);
  for (const candidate of [bytes, otherS(bytes)]) {
    for (const recovery of [0, 1, 2, 3]) {
      const publicKey = recovered(candidate, recovery, digest);
      if (!publicKey || ethereumAddress(publicKey) !== address) continue;
      const signature = bytesToHex(candidate) as Signature;
      if (verifyPersonal(signature, text, publicKey)) return { publicKey, signature };
    }
  }
  return undefined;
}

function recovered(rs: Uint8Array, recovery: number, digest: Uint8Array): PublicKey | undefined {
  try {
    const bytes = concatBytes(Uint8Array.of(recovery), rs);
    return bytesToHex(recoverPublicKey(bytes, digest, { prehash: false })) as PublicKey;
  } catch {
    return undefined; // numbers out of range, or of no point
  }
}

/** Of the two signatures that are as good, the other one. */
function otherS(rs: Uint8Array): Uint8Array {
  const s = BigInt(`0x${bytesToHex(rs.subarray(32))}`);
  const other = (Point.CURVE().n - s).toString(16);
  if (other.startsWith("-")) return rs;
  return concatBytes(rs.subarray(0, 32), hexToBytes(other.padStart(64, "0")));
}
