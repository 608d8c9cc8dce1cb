import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexOf, textOf } from "../../test/arbitraries.ts";
import { alice } from "../../test/people.ts";
import { makeTaskId, parsePublicKey, parseSha256, parseSignature, parseTaskId } from "./ids.ts";

describe("parsePublicKey", () => {
  it("[K1] takes a compressed key in lowercase and returns it as it is", () => {
    fc.assert(
      fc.property(fc.constantFrom("02", "03"), hexOf(64), (first, x) => {
        expect(parsePublicKey(first + x)).toBe(first + x);
      }),
    );
  });

  it("[K1] refuses a key with any one character changed to one that is not lowercase hex", () => {
    fc.assert(
      fc.property(fc.nat(65), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(!/[0-9a-f]/.test(character));
        const key = alice.publicKey;
        expect(() => parsePublicKey(key.slice(0, at) + character + key.slice(at + 1))).toThrow(TypeError);
      }),
    );
  });

  it.each([
    ["capitals", alice.publicKey.toUpperCase()],
    ["0x in front", `0x${alice.publicKey}`],
    ["a line end behind", `${alice.publicKey}\n`],
    ["an uncompressed key", `04${"0".repeat(128)}`],
    ["65 characters", alice.publicKey.slice(0, -1)],
    ["67 characters", `${alice.publicKey}0`],
  ])("[K1] refuses %s", (_, text) => {
    expect(() => parsePublicKey(text)).toThrow(TypeError);
  });
});

describe("parseSignature", () => {
  it("[K4] takes 128 lowercase hex characters and nothing shorter or longer", () => {
    fc.assert(
      fc.property(hexOf(128), (text) => {
        expect(parseSignature(text)).toBe(text);
        expect(() => parseSignature(text.slice(1))).toThrow(TypeError);
        expect(() => parseSignature(`${text}0`)).toThrow(TypeError);
        expect(() => parseSignature(`${text}\n`)).toThrow(TypeError);
      }),
    );
  });
});

describe("parseSha256", () => {
  it("[E1] takes 64 lowercase hex characters and nothing shorter or longer", () => {
    fc.assert(
      fc.property(hexOf(64), (text) => {
        expect(parseSha256(text)).toBe(text);
        expect(() => parseSha256(text.slice(1))).toThrow(TypeError);
        expect(() => parseSha256(`${text}0`)).toThrow(TypeError);
        expect(() => parseSha256(`A${text.slice(1)}`)).toThrow(TypeError);
      }),
    );
  });
});

describe("parseTaskId", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

  it("[T1] takes 16 to 64 characters of the base64url alphabet", () => {
    fc.assert(
      fc.property(textOf(alphabet, { maxLength: 80 }), (text) => {
        if (text.length >= 16 && text.length <= 64) expect(parseTaskId(text)).toBe(text);
        else expect(() => parseTaskId(text)).toThrow(TypeError);
      }),
    );
  });

  it("[T1] refuses a task id with any other character in it", () => {
    fc.assert(
      fc.property(fc.nat(20), fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(!alphabet.includes(character));
        const id = "0123456789abcdefghijk";
        expect(() => parseTaskId(id.slice(0, at) + character + id.slice(at + 1))).toThrow(TypeError);
      }),
    );
  });
});

describe("makeTaskId", () => {
  it("[T1] makes ids that are task ids, no two the same", () => {
    const ids = Array.from({ length: 1_000 }, makeTaskId);
    for (const id of ids) expect(parseTaskId(id)).toHaveLength(22);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("messages", () => {
  it("[R2] of every parser say what came without repeating it", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), (text) => {
        fc.pre(/[^ a-z0-9]/.test(text));
        for (const parse of [parsePublicKey, parseSignature, parseTaskId, parseSha256]) {
          try {
            parse(text);
          } catch (error) {
            expect(String(error)).not.toContain(text);
          }
        }
      }),
    );
  });
});
