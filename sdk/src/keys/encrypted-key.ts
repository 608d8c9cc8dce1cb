import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { describe, type PublicKey, parsePublicKey } from "../protocol/ids.ts";
import { EncryptedKeyRefused } from "./encrypted-key-refused.ts";
import { Keypair } from "./keypair.ts";

const FORM = /^circles-key-1:(0[23][0-9a-f]{64}):([A-Za-z0-9_-]{118})$/;
const SALT_BYTES = 16;
const NONCE_BYTES = 24;
/** 128 MiB and most of a second for each guess (RFC 7914). */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, dkLen: 32 };

/**
 * A secret key that only a passphrase opens: `circles-key-1:{public key}:{base64url of salt, nonce and ciphertext}`. Scrypt (RFC
 * 7914) makes the key of an XChaCha20-Poly1305 that also covers version and public key. Rejects with `TypeError` on an empty
 * passphrase.
 */
export async function encryptKey(secret: Uint8Array, passphrase: string): Promise<string> {
  const { publicKey } = new Keypair(secret);
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const cipher = await cipherOf({ passphrase, salt, nonce, publicKey });
  return `${headerOf(publicKey)}${toBase64Url(Uint8Array.from([...salt, ...nonce, ...cipher.encrypt(secret)]))}`;
}

/** The secret key in such a text, 32 bytes. Rejects with `EncryptedKeyRefused`. */
export async function decryptKey(text: string, passphrase: string): Promise<Uint8Array> {
  const [, key, body] = FORM.exec(text.trim()) ?? [];
  // Of the last character some bits mean nothing: one text for one key.
  if (!key || !body || toBase64Url(fromBase64Url(body)) !== body) {
    throw new EncryptedKeyRefused(`key: expected circles-key-1:{public key}:{118 characters}, got ${describe(text)}`);
  }
  const publicKey = parsePublicKey(key);
  const bytes = fromBase64Url(body);
  const salt = bytes.subarray(0, SALT_BYTES);
  const nonce = bytes.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
  const cipher = await cipherOf({ passphrase, salt, nonce, publicKey });
  const secret = decrypt(cipher, bytes.subarray(SALT_BYTES + NONCE_BYTES));
  if (secret && new Keypair(secret).publicKey === publicKey) return secret;
  throw new EncryptedKeyRefused(
    "key: expected the passphrase that it was encrypted with, got another, or a changed text",
  );
}

type CipherParts = { passphrase: string; salt: Uint8Array; nonce: Uint8Array; publicKey: PublicKey };
type Cipher = ReturnType<typeof xchacha20poly1305>;

async function cipherOf({ passphrase, salt, nonce, publicKey }: CipherParts): Promise<Cipher> {
  if (passphrase === "") throw new TypeError("passphrase: expected one character or more, got none");
  // The same passphrase may be typed as different code points.
  const key = await scryptAsync(utf8ToBytes(passphrase.normalize("NFKC")), salt, SCRYPT);
  return xchacha20poly1305(key, nonce, sha256(utf8ToBytes(headerOf(publicKey))));
}

function decrypt(cipher: Cipher, ciphertext: Uint8Array): Uint8Array | undefined {
  try {
    return cipher.decrypt(ciphertext);
  } catch {
    return undefined;
  }
}

function headerOf(publicKey: PublicKey): string {
  return `circles-key-1:${publicKey}:`;
}

function toBase64Url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
