import { type DelegationFields, delegationText } from "../protocol/delegation.ts";
import { type PlayFields, playText } from "../protocol/envelope.ts";
import { describe, type Nonce, type PublicKey, type Signature } from "../protocol/ids.ts";
import { bytesToHex, getPublicKey, hexToBytes, signText, utils } from "./curve.ts";
import { checkNonce } from "./login.ts";
import type { Dialled, Signer } from "./signer.ts";

/** A secp256k1 key pair in this process's memory. Printing or serialising it shows the public key only. */
export class Keypair implements Signer {
  readonly publicKey: PublicKey;
  readonly #secret: Uint8Array;

  /** Takes 32 bytes as they are; `generateKeypair` and `keypairFrom` are the doors. */
  constructor(secret: Uint8Array) {
    this.#secret = Uint8Array.from(secret);
    this.publicKey = bytesToHex(getPublicKey(this.#secret)) as PublicKey;
  }

  /** The secret key as 64 hex characters. Whoever has it is this peer. */
  exportSecret(): string {
    return bytesToHex(this.#secret);
  }

  async signLogin(nonce: Nonce, dialled: Dialled): Promise<Signature> {
    checkNonce(nonce, dialled);
    return this.#sign(nonce);
  }

  async signPlay(fields: PlayFields): Promise<Signature> {
    if (fields.caller !== this.publicKey && fields.delegation === undefined) {
      throw new TypeError("play: expected this key as the caller, got another without a delegation");
    }
    return this.#sign(playText(fields));
  }

  async signDelegation(fields: DelegationFields): Promise<Signature> {
    if (fields.root !== this.publicKey) throw new TypeError("delegation: expected this key as the root, got another");
    return this.#sign(delegationText(fields));
  }

  async #sign(text: string): Promise<Signature> {
    return bytesToHex(await signText(text, this.#secret)) as Signature;
  }
}

/** Makes a key pair from the platform's secure random source (`crypto.getRandomValues`). */
export function generateKeypair(): Keypair {
  return new Keypair(utils.randomSecretKey());
}

/**
 * Imports a secret key: 32 bytes, or 64 hex characters with or without `0x`.
 * @throws {TypeError} on another form. @throws {RangeError} on zero or on the curve's order and above.
 */
export function keypairFrom(secret: string | Uint8Array): Keypair {
  const bytes = typeof secret === "string" ? bytesOfHex(secret) : secret;
  if (!(bytes instanceof Uint8Array) || bytes.length !== 32) {
    const came = bytes instanceof Uint8Array ? `${bytes.length} bytes` : describe(secret);
    throw new TypeError(`secret key: expected 32 bytes or 64 hex characters, got ${came}`);
  }
  if (!utils.isValidSecretKey(bytes)) {
    throw new RangeError("secret key: expected a number from 1 to the order of secp256k1 less 1, got one outside");
  }
  return new Keypair(bytes);
}

function bytesOfHex(text: string): Uint8Array | undefined {
  const hex = text.replace(/^0x/i, "");
  return /^[0-9a-fA-F]{64}$/.test(hex) ? hexToBytes(hex) : undefined;
}
