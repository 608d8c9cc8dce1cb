import { ECDH, hash } from "node:crypto";
import { personalDigest, pointAddress, signedDelegationText } from "@circles/sdk/keys";
import type { PublicKey, Sha256, SignedDelegation } from "@circles/sdk/protocol";
import type { Verifier } from "./verifier.ts";

/**
 * A delegation takes longer to check than a play, a wallet's most of all, and comes again with every play of its device. What
 * a stranger can do is to push others out, and then they are checked again.
 */
const MOST_KNOWN = 4_096;

/** Checks what root keys signed for their devices, and remembers what was right. */
export class Delegations {
  readonly #verifier: Verifier;
  /** Hashes of signed texts, by the hash of the delegation that each was made of; the one that came first, first. */
  readonly #known = new Map<string, Sha256>();

  constructor(verifier: Verifier) {
    this.#verifier = verifier;
  }

  /**
   * The SHA-256 of the text that its root signed; `undefined` if it did not, or no text can be made of what came. Whether the
   * delegation counts somewhere now is another question. Never throws.
   */
  hashOf(delegation: SignedDelegation): Sha256 | undefined {
    const { root, device, circles, not_before, expires_at, scheme, signature } = delegation;
    const name = hash("sha256", JSON.stringify([root, device, circles, not_before, expires_at, scheme, signature]));
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const text = textOf(delegation);
    if (text === undefined || !this.#isSigned(delegation, text)) return undefined;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    const signed = hash("sha256", text) as Sha256;
    this.#known.set(name, signed);
    return signed;
  }

  #isSigned({ scheme, signature, root }: SignedDelegation, text: string): boolean {
    if (scheme === "eip191") return this.#verifier.verifyHash(signature, personalDigest(text), root);
    return this.#verifier.verify(signature, text, root);
  }
}

/** By OpenSSL, in a hundredth of the time that the SDK's own takes. */
function addressOf(publicKey: PublicKey): string {
  const point = ECDH.convertKey(publicKey, "secp256k1", "hex", undefined, "uncompressed");
  return pointAddress(point as Buffer);
}

/** What came out of a queue may be anything. */
function textOf(delegation: SignedDelegation): string | undefined {
  try {
    return signedDelegationText(delegation, addressOf);
  } catch {
    return undefined;
  }
}
