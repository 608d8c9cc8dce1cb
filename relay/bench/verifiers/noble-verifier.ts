import { verifySignature } from "@circles/sdk/keys";
import type { Signature } from "@circles/sdk/protocol";
import type { TextVerifier } from "../../src/signatures/verifier.ts";

/** What the SDK verifies with, in every browser: @noble/secp256k1. */
export function makeNobleVerifier(): TextVerifier {
  return {
    name: "noble, JavaScript",
    verify(signature, text, publicKey) {
      return typeof text === "string" && verifySignature(signature as Signature, text, publicKey);
    },
  };
}
