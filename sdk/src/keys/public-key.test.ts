import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readVectors } from "../../test/read-vectors.ts";
import { canonicalPublicKey } from "./public-key.ts";

const pairs = readVectors("keys").pairs;

describe("canonicalPublicKey", () => {
  it("[K2] has one answer to every spelling of a key, and that answer is its own", () => {
    const spelling = fc.record({
      pair: fc.constantFrom(...pairs),
      form: fc.constantFrom("public_key" as const, "uncompressed" as const),
      prefix: fc.constantFrom("", "0x", "0X"),
      capitals: fc.array(fc.boolean(), { minLength: 130, maxLength: 130 }),
    });
    fc.assert(
      fc.property(spelling, ({ pair, form, prefix, capitals }) => {
        const letters = Array.from(pair[form], (letter, i) => (capitals[i] ? letter.toUpperCase() : letter));
        expect(canonicalPublicKey(prefix + letters.join(""))).toBe(pair.public_key);
        expect(canonicalPublicKey(pair.public_key)).toBe(pair.public_key);
      }),
    );
  });

  it("[K2] refuses an uncompressed key with any one bit changed", () => {
    fc.assert(
      fc.property(fc.constantFrom(...pairs), fc.integer({ min: 8, max: 65 * 8 - 1 }), (pair, bit) => {
        const bytes = Buffer.from(pair.uncompressed, "hex");
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => canonicalPublicKey(bytes.toString("hex"))).toThrow(TypeError);
      }),
    );
  });

  it("[R2] says what came without repeating it", () => {
    const text = "not a key but something that should stay private";
    expect(() => canonicalPublicKey(text)).toThrow(`got ${text.length} characters`);
    expect(() => canonicalPublicKey(text)).not.toThrow(text);
  });
});
