import { sha256Hex } from "@circles/sdk/keys";
import type { PublicKey } from "@circles/sdk/protocol";
import { describe, expect, it } from "vitest";
import { nameOf, WRONG_VALUES } from "../../../sdk/test/wrong-values.ts";
import { verifierOf } from "./arithmetic.ts";

const signature = "0a".repeat(64);
const ABC = Buffer.from(sha256Hex("abc"), "hex");
const even = (i: number) => `02${i.toString(16).padStart(64, "0")}` as PublicKey;
const odd = (i: number) => `03${i.toString(16).padStart(64, "0")}` as PublicKey;

/** An arithmetic for which even keys are on the curve, and every signature is good. */
function verifierWithLog() {
  const decoded: string[] = [];
  const verified: string[] = [];
  const verifier = verifierOf<string>({
    name: "recording",
    decodeKey(compressed) {
      const key = Buffer.from(compressed).toString("hex");
      decoded.push(key);
      return key.startsWith("02") ? key : undefined;
    },
    verify(_, { hash }, key) {
      verified.push(`${key} ${Buffer.from(hash).toString("hex")}`);
      return true;
    },
  });
  return { verifier, decoded, verified };
}

describe("verifierOf", () => {
  it("[K4] hands on the 64 bytes, the text's hash or one that is given, and the key", () => {
    const texts: unknown[] = [];
    const verifier = verifierOf<string>({
      name: "checking",
      decodeKey: (compressed) => Buffer.from(compressed).toString("hex"),
      verify(signature, { hash, text }, key) {
        texts.push(text);
        expect(signature).toEqual(Buffer.alloc(64, 0x0a));
        expect(Buffer.from(hash)).toEqual(ABC);
        expect(key).toBe(even(7));
        return true;
      },
    });
    expect(verifier.verify(signature, "abc", even(7))).toBe(true);
    expect(verifier.verifyHash(signature, ABC, even(7))).toBe(true);
    expect(texts).toEqual(["abc", undefined]);
  });

  it.each(WRONG_VALUES.map((value) => [nameOf(value), value as never] as const))(
    "[K5] lets the arithmetic see nothing of %s",
    (_, value) => {
      const { verifier, decoded, verified } = verifierWithLog();
      expect(verifier.verify(value, "text", even(1))).toBe(false);
      expect(verifier.verify(signature, "text", value)).toBe(false);
      expect(verifier.verifyHash(value, ABC, even(1))).toBe(false);
      expect(verifier.verifyHash(signature, ABC, value)).toBe(false);
      expect([decoded, verified]).toEqual([[], []]);
      const [given, isText] = [value as unknown, typeof value === "string"];
      expect(verifier.verify(signature, value, even(1))).toBe(isText);
      const isHash = given instanceof Uint8Array && given.length === 32;
      expect(verifier.verifyHash(signature, value, even(1))).toBe(isHash);
    },
  );

  it("[K5] decodes the key of a caller who comes again once", () => {
    const { verifier, decoded, verified } = verifierWithLog();
    for (let i = 0; i < 10; i++) expect(verifier.verify(signature, `text ${i}`, even(1))).toBe(true);
    expect(decoded).toEqual([even(1)]);
    expect(verified).toHaveLength(10);
  });

  it("[K5] remembers no key that is off the curve", () => {
    const { verifier, decoded, verified } = verifierWithLog();
    for (let i = 0; i < 3; i++) expect(verifier.verify(signature, "text", odd(1))).toBe(false);
    expect(decoded).toHaveLength(3);
    expect(verified).toEqual([]);
  });

  it("[K5] remembers a bounded number of keys, and is right about those it forgot", () => {
    const { verifier, decoded, verified } = verifierWithLog();
    const callers = 10_000;
    for (let i = 0; i < callers; i++) verifier.verify(signature, "text", even(i));
    expect(verifier.verify(signature, "text", even(callers - 1))).toBe(true);
    expect(decoded).toHaveLength(callers);
    expect(verifier.verify(signature, "again", even(0))).toBe(true);
    expect(decoded).toHaveLength(callers + 1);
    expect(verified.at(-1)).toBe(`${even(0)} ${sha256Hex("again")}`);
  });
});
