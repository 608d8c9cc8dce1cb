import { verifierContract } from "./verifier-contract.ts";
import { makeWasmVerifier } from "./wasm-verifier.ts";

verifierContract("secp256k1, WebAssembly", makeWasmVerifier);
