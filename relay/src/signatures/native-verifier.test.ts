import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { makeNativeVerifier } from "./native-verifier.ts";
import { verifierContract } from "./verifier-contract.ts";

// Optional for a relay, not for its tests: where it is missing they fail and say why.
describe("the native binding", () => {
  verifierContract("secp256k1, native", async () => makeNativeVerifier());

  it("[K5] is the binding itself: the fallback in JavaScript was never loaded", () => {
    makeNativeVerifier();
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    expect(loaded.some((file) => /secp256k1[\\/]bindings\.js$/.test(file))).toBe(true);
    expect(loaded.filter((file) => /[\\/]elliptic[\\/.]/.test(file))).toEqual([]);
  });
});
