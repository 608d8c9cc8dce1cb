import { verifySignature } from "@circles/sdk/keys";
import type { PublicKey, Signature } from "@circles/sdk/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { checkVerifier } from "./self-test.ts";
import { chooseVerifier, type Verifier } from "./verifier.ts";
import { verifierContract } from "./verifier-contract.ts";

verifierContract("the chosen verifier", () => chooseVerifier());

describe("chooseVerifier", () => {
  afterEach(() => {
    vi.doUnmock("./native-verifier.ts");
    vi.resetModules();
  });

  it.each<[string, () => Verifier]>([
    [
      "cannot be loaded",
      () => {
        throw new Error("no binding for this machine");
      },
    ],
    ["answers wrong", () => ({ name: "takes everything", verify: () => true, verifyHash: () => true })],
  ])("[K5] takes WebAssembly where the native binding %s, and says why", async (_, makeNativeVerifier) => {
    vi.resetModules();
    vi.doMock("./native-verifier.ts", () => ({ makeNativeVerifier }));
    const fresh = await import("./verifier.ts");
    const reasons: unknown[] = [];
    const verifier = await fresh.chooseVerifier({ onUnusable: (reason) => reasons.push(reason) });
    expect(verifier.name).toBe("secp256k1, WebAssembly");
    expect(reasons).toEqual([expect.any(Error)]);
    expect(checkVerifier(verifier)).toBe(verifier);
  });
});

describe("checkVerifier", () => {
  const verifyHash = () => false;
  const noble: Verifier["verify"] = (signature, text, key) => verifySignature(signature as Signature, text, key);

  it.each<[string, Verifier["verify"]]>([
    ["takes everything", () => true],
    ["refuses everything", () => false],
    ["does not look at the text", (signature, _, key) => noble(signature, "circles self-test: grüße", key)],
    [
      "does not look at the first byte of the key",
      (signature, text, key) => noble(signature, text, `03${key.slice(2)}` as PublicKey),
    ],
    ["takes capitals", (signature, text, key) => noble(signature.toLowerCase(), text, key)],
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
  ])("[K5] does not trust a verifier that %s", (_, verify) => {
    expect(() => checkVerifier({ name: "broken", verify, verifyHash })).toThrow(/broken/);
  });

  it("[K5] does not trust a verifier that is wrong about hashes only", async () => {
    const { name, verify, verifyHash: right } = await chooseVerifier();
    for (const wrong of [
      () => true,
      () => false,
      (...[signature, , key]: Parameters<typeof right>) => right(signature, new Uint8Array(32), key),
    ]) {
      expect(() => checkVerifier({ name, verify, verifyHash: wrong })).toThrow(/expected/);
    }
  });
});
