import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexOf, textOf } from "../../test/arbitraries.ts";
import { alice, bob } from "../../test/people.ts";
import { type LoginNonce, makeLoginNonce, parseLoginNonce } from "./login-nonce.ts";

const fields: LoginNonce = {
  circle: bob.publicKey,
  host: "localhost:8090",
  expiresAt: 1_800_000_060,
  random: "5a".repeat(32),
};

const anyFields: fc.Arbitrary<LoginNonce> = fc.record({
  circle: fc.constantFrom(alice.publicKey, bob.publicKey),
  host: textOf("abcxyz0189.:-[]", { minLength: 1, maxLength: 255 }),
  expiresAt: fc.integer({ min: 1, max: 999_999_999_999_999 }),
  random: hexOf(64),
});

describe("a login nonce", () => {
  it("[N1] says what was put into it", () => {
    fc.assert(
      fc.property(anyFields, (said) => {
        expect(parseLoginNonce(makeLoginNonce(said))).toEqual(said);
      }),
    );
  });

  it("[N1] differs from every nonce that says something else", () => {
    fc.assert(
      fc.property(anyFields, anyFields, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(makeLoginNonce(one)).not.toBe(makeLoginNonce(other));
      }),
    );
  });

  it("[N1] has one spelling: a nonce with one character changed says something else or nothing", () => {
    const nonce = makeLoginNonce(fields);
    fc.assert(
      fc.property(
        fc.nat(nonce.length - 1),
        textOf("ABCZabcz0189+/=-_ \n\u0000é", { minLength: 1, maxLength: 1 }),
        (at, character) => {
          fc.pre(nonce[at] !== character);
          const changed = nonce.slice(0, at) + character + nonce.slice(at + 1);
          expect(saysOf(changed)).not.toEqual(fields);
        },
      ),
    );
  });

  it("[N1] is read from a text that makeLoginNonce would have written, and from no other", () => {
    const anyText = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text).toString("base64")),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const said = saysOf(text);
        if (said) expect(makeLoginNonce(said)).toBe(text);
      }),
    );
  });

  it.each<[string, Partial<LoginNonce>]>([
    ["a host with a line end, and a second circle behind it", { host: `localhost\ncircle:${alice.publicKey}` }],
    ["a host in capitals", { host: "LOCALHOST" }],
    ["an empty host", { host: "" }],
    ["a host of 256 characters", { host: "a".repeat(256) }],
    ["an expiry with a fraction", { expiresAt: 1.5 }],
    ["an expiry of NaN", { expiresAt: Number.NaN }],
    ["an expiry of 0", { expiresAt: 0 }],
    ["an expiry written with an exponent", { expiresAt: 1e21 }],
    ["31 random bytes", { random: "5a".repeat(31) }],
  ])("[N1] is not made of %s", (_, change) => {
    expect(() => makeLoginNonce({ ...fields, ...change })).toThrow(TypeError);
  });

  it("[E7] cannot begin as a play or a delegation does, whatever it says", () => {
    fc.assert(
      fc.property(anyFields, (said) => {
        expect(makeLoginNonce(said)).not.toContain("-");
      }),
    );
  });
});

function saysOf(text: string): LoginNonce | undefined {
  try {
    return parseLoginNonce(text);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return undefined;
  }
}
