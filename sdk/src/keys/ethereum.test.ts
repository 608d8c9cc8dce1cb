import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packed, personalSignature, withHighS } from "../../test/ethereum-wallet.ts";
import { alice, bob } from "../../test/people.ts";
import type { PublicKey, Signature } from "../protocol/ids.ts";
import { checksummed, ethereumAddress, personalDigest, recoverPersonal, verifyPersonal } from "./ethereum.ts";
import { keypairFrom } from "./keypair.ts";

const TEXT = "Circles: a text\nof two lines, and grüße";

describe("addresses", () => {
  // The examples of EIP-55.
  it.each([
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
  ])("[W1] %s has the capitals of EIP-55", (address) => {
    expect(checksummed(address.toLowerCase())).toBe(address);
    expect(checksummed(`0x${address.slice(2).toUpperCase()}`)).toBe(address);
  });

  it("[W1] are those of keys that everybody knows", () => {
    expect(ethereumAddress(keypairFrom(`${"0".repeat(63)}1`).publicKey)).toBe(
      "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
    );
    expect(() => ethereumAddress(`02${"5".padStart(64, "0")}` as PublicKey)).toThrow(/./);
  });
});

describe("personal signatures", () => {
  it("[W1] are over the digest of EIP-191, with the length in bytes", () => {
    // The example of the Ethereum JSON-RPC documentation, and one whose UTF-8 is longer than its characters.
    const hex = (text: string) => Buffer.from(personalDigest(text)).toString("hex");
    expect(hex("Hello World")).toBe("a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2");
    expect(hex("ü")).not.toBe(hex("u"));
  });

  it.each<[string, (signature: string) => string]>([
    ["27 or 28 for v", (signature) => signature],
    ["0 or 1 for v", (signature) => `${signature.slice(0, 130)}0${Number(signature.endsWith("1c"))}`],
    ["a v of some chain", (signature) => `${signature.slice(0, 130)}26`],
    ["the high s", withHighS],
    ["the high s and the wrong v", (signature) => `${withHighS(signature).slice(0, 130)}00`],
    ["64 bytes as EIP-2098 packs them", packed],
    ["capitals", (signature) => `0x${signature.slice(2).toUpperCase()}`],
  ])("[W2] with %s give the account's key, and r‖s with the low s", (_, form) => {
    fc.assert(
      fc.property(fc.constantFrom(alice, bob), fc.string({ unit: "grapheme" }), (peer, text) => {
        const signature = personalSignature(peer, text);
        const found = recoverPersonal(form(signature), text, ethereumAddress(peer.publicKey));
        expect(found).toEqual({ publicKey: peer.publicKey, signature: signature.slice(2, 130) });
      }),
      { numRuns: 10 },
    );
  });

  it.each<[string, unknown]>([
    ["over another text", personalSignature(alice, `${TEXT} `)],
    ["of another account", personalSignature(bob, TEXT)],
    ["of zeros", `0x${"0".repeat(130)}`],
    ["of ones", `0x${"f".repeat(130)}`],
    ["two bytes short", personalSignature(alice, TEXT).slice(0, -4)],
    ["one byte long", `${personalSignature(alice, TEXT)}00`],
    ["without 0x", personalSignature(alice, TEXT).slice(2)],
    ["of a contract (EIP-1271), which is longer", `0x${"ab".repeat(200)}`],
    ["that is none", null],
  ])("[W2] %s give no key", (_, signature) => {
    expect(recoverPersonal(signature, TEXT, ethereumAddress(alice.publicKey))).toBeUndefined();
  });

  it("[W1] are checked in the one form that travels; anything else answers false", () => {
    const signature = personalSignature(alice, TEXT).slice(2, 130) as Signature;
    expect(verifyPersonal(signature, TEXT, alice.publicKey)).toBe(true);
    expect(verifyPersonal(signature, `${TEXT} `, alice.publicKey)).toBe(false);
    expect(verifyPersonal(signature, TEXT, bob.publicKey)).toBe(false);
    const high = withHighS(`0x${signature}1b`).slice(2, 130);
    for (const wrong of [high, `${signature}1b`, signature.toUpperCase(), "", "0".repeat(128), 5, null]) {
      expect(verifyPersonal(wrong as Signature, TEXT, alice.publicKey), String(wrong)).toBe(false);
    }
  });
});
