import { etc, getPublicKey, Point, signAsync, utils } from "@noble/secp256k1";
import type { Sha256 } from "../protocol/ids.ts";

export { getPublicKey, Point, utils };
export const { bytesToHex, hexToBytes } = etc;

// WebCrypto has the hashes that signing takes, and costs a page nothing. Where it is missing, on plain http, they are loaded.

/** ECDSA over SHA-256 of the text's UTF-8 bytes, k by RFC 6979: r‖s, low-s. */
export async function signText(text: string, secret: Uint8Array): Promise<Uint8Array> {
  const message = new TextEncoder().encode(text);
  return hasWebCrypto() ? signAsync(message, secret) : (await import("./plain-curve.ts")).sign(message, secret);
}

/** SHA-256 of the text's UTF-8 bytes. */
export async function digestText(text: string): Promise<Sha256> {
  if (!hasWebCrypto()) return (await import("./hash.ts")).sha256Hex(text);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return bytesToHex(new Uint8Array(digest)) as Sha256;
}

function hasWebCrypto(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}
