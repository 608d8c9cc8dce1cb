import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Sha256 } from "../protocol/ids.ts";

/** SHA-256 of the text's UTF-8 bytes. Synchronous: WebCrypto's own is missing on plain http pages. */
export function sha256Hex(text: string): Sha256 {
  return bytesToHex(sha256(utf8ToBytes(text))) as Sha256;
}
