import type { DelegationFields, SignedDelegation } from "../protocol/delegation.ts";
import type { PlayFields } from "../protocol/envelope.ts";
import type { Nonce, PublicKey, Signature } from "../protocol/ids.ts";

/** Where a login goes: what the nonce must name for it to be signed. */
export type Dialled = {
  readonly circle: PublicKey;
  /** Host and port as in the URL (`URL.host`). */
  readonly host: string;
  /** Unix seconds by this machine's clock, when the nonce arrived. Default: now. */
  readonly now?: number;
};

/**
 * Signs in a peer's name without showing its key, so that a key may live in a vault, an extension or a device.
 * A signer builds the bytes it signs from fields and never signs what it is handed. All three resolve with r‖s, 64
 * bytes, low-s, as 128 hex characters: ECDSA over SHA-256 of the text's UTF-8 bytes, k by RFC 6979.
 */
export interface Signer {
  /** The peer's; of a device key that signs for its root, the root's. */
  readonly publicKey: PublicKey;
  /** With which a device key signs (`deviceSigner`): it goes along with logins and plays. */
  readonly delegation?: SignedDelegation | undefined;
  /** Rejects with `NonceRefused` when the nonce names another circle or host, or a lifetime out of bounds. */
  signLogin(nonce: Nonce, dialled: Dialled): Promise<Signature>;
  /** Signs `playText(fields)`. Rejects when a field has not its form or the caller is another key without delegation. */
  signPlay(fields: PlayFields): Promise<Signature>;
  /** Signs `delegationText(fields)`. Rejects when a field has not its form or the root is another key. */
  signDelegation(fields: DelegationFields): Promise<Signature>;
}
