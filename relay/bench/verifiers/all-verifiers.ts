import { makeNativeVerifier } from "../../src/signatures/native-verifier.ts";
import type { TextVerifier } from "../../src/signatures/verifier.ts";
import { makeWasmVerifier } from "../../src/signatures/wasm-verifier.ts";
import { makeNobleVerifier } from "./noble-verifier.ts";
import { makeOpensslVerifier } from "./openssl-verifier.ts";

/** Ours and its peers: libsecp256k1 twice, OpenSSL and noble. */
export async function makeAllVerifiers(): Promise<TextVerifier[]> {
  return [makeNativeVerifier(), await makeWasmVerifier(), makeOpensslVerifier(), makeNobleVerifier()];
}
