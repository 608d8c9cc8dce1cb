import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readVectors } from "../../test/read-vectors.ts";
import type { PublicKey, Signature } from "../protocol/ids.ts";
import { sha256Hex } from "./hash.ts";
import { verifySignature } from "./verify.ts";

const valid = readVectors("signatures").verify.filter((item) => item.valid);

describe("verifySignature", () => {
  it("[K5] answers false when one character of a valid signature, key or text is another", () => {
    const change = fc.record({ item: fc.constantFrom(...valid), at: fc.nat(), by: fc.integer({ min: 1, max: 15 }) });
    fc.assert(
      fc.property(change, fc.constantFrom("signature" as const, "public_key" as const), ({ item, at, by }, part) => {
        const text = item[part];
        const place = at % text.length;
        const digit = (Number.parseInt(text.charAt(place), 16) + by) % 16;
        const changed = { ...item, [part]: text.slice(0, place) + digit.toString(16) + text.slice(place + 1) };
        const { signature, message, public_key } = changed;
        expect(verifySignature(signature as Signature, message, public_key as PublicKey)).toBe(false);
        expect(verifySignature(item.signature as Signature, `${item.message} `, item.public_key as PublicKey)).toBe(
          false,
        );
      }),
      { numRuns: 60 },
    );
  });

  it("[K5] answers false to any texts, and never throws", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: "binary" }), fc.string(), (signature, text, key) => {
        expect(verifySignature(signature as Signature, text, key as PublicKey)).toBe(false);
      }),
    );
  });
});

describe("sha256Hex", () => {
  // FIPS 180-4, the examples of NIST.
  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
  ])("[E2] is the SHA-256 of %j in lowercase hex", (text, hash) => {
    expect(sha256Hex(text)).toBe(hash);
  });
});
