import type { PublicKey } from "@circles/sdk/protocol";
import { makeNativeVerifier } from "./native-verifier.ts";
import { checkVerifier } from "./self-test.ts";

/** Checks signatures over texts: rules K4 and K5 of the SDK's SPEC.md. Every one passes `textVerifierContract`. */
export interface TextVerifier {
  /** What does the arithmetic, for logs. */
  readonly name: string;
  /**
   * Is `signature`, as it came over the wire and whatever it is, `publicKey`'s over the SHA-256 of the text's UTF-8 bytes?
   * Never throws: a signature of another form, with r or s out of range or with the high s, and a key off the curve are
   * answered with false.
   */
  verify(signature: string, text: string, publicKey: PublicKey): boolean;
}

/** Checks the signatures of logins, plays and delegations. Every one passes `verifierContract`. */
export interface Verifier extends TextVerifier {
  /** The same over a hash of 32 bytes that was made in another way: a wallet's Keccak-256. */
  verifyHash(signature: string, hash: Uint8Array, publicKey: PublicKey): boolean;
}

export type ChooseOptions = {
  /** Told why the fastest verifier is not the one chosen. */
  readonly onUnusable?: (reason: unknown) => void;
};

/**
 * The fastest verifier that works on this machine: libsecp256k1 as a native binding, which is an optional dependency, or
 * as WebAssembly. Each must give right answers to known questions before it is trusted. Rejects when none does.
 */
export async function chooseVerifier({ onUnusable }: ChooseOptions = {}): Promise<Verifier> {
  try {
    return checkVerifier(makeNativeVerifier());
  } catch (reason) {
    onUnusable?.(reason);
  }
  const { makeWasmVerifier } = await import("./wasm-verifier.ts"); // its library takes long to load
  return checkVerifier(await makeWasmVerifier());
}
