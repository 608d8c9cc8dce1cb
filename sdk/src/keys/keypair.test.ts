import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyDelegation, anyPlay } from "../../test/arbitraries.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { delegationText } from "../protocol/delegation.ts";
import { type PlayFields, playText } from "../protocol/envelope.ts";
import type { Nonce, Sha256, TaskId } from "../protocol/ids.ts";
import { makeLoginNonce } from "../protocol/login-nonce.ts";
import { generateKeypair, keypairFrom } from "./keypair.ts";
import { NonceRefused } from "./login.ts";
import { canonicalPublicKey } from "./public-key.ts";
import { verifySignature } from "./verify.ts";

const dialled = { circle: bob.publicKey, host: "localhost:8090", now: 1_800_000_000 };
const nonce = makeLoginNonce({ ...dialled, expiresAt: dialled.now + 60, random: "5a".repeat(32) });

const play: PlayFields = {
  circle: bob.publicKey,
  caller: alice.publicKey,
  taskId: "0123456789abcdef" as TaskId,
  script: "0".repeat(64) as Sha256,
  args: "1".repeat(64) as Sha256,
  issuedAt: 1_800_000_000,
  expiresAt: 1_800_000_060,
};

describe("a key pair", () => {
  it("[K3] generated is new each time, and the same again when its secret is imported", () => {
    const pairs = Array.from({ length: 20 }, generateKeypair);
    expect(new Set(pairs.map(({ publicKey }) => publicKey)).size).toBe(pairs.length);
    for (const pair of pairs) {
      expect(canonicalPublicKey(pair.publicKey)).toBe(pair.publicKey);
      expect(keypairFrom(pair.exportSecret()).publicKey).toBe(pair.publicKey);
      expect(keypairFrom(Buffer.from(pair.exportSecret(), "hex")).publicKey).toBe(pair.publicKey);
    }
  });

  it("[K3] keeps its secret when the bytes it was made of are wiped", () => {
    const bytes = new Uint8Array(32).fill(7);
    const pair = keypairFrom(bytes);
    bytes.fill(0);
    expect(pair.exportSecret()).toBe("07".repeat(32));
  });

  it("[K7] printed, serialised, cloned or listed shows its public key only", () => {
    const secret = alice.exportSecret();
    const shown = [
      inspect(alice, { depth: null, showHidden: true }),
      JSON.stringify(alice),
      JSON.stringify(structuredClone(alice)),
      Object.getOwnPropertyNames(alice).join(),
      Object.entries(alice).join(),
    ];
    for (const text of shown) expect(text).not.toContain(secret);
    expect(JSON.parse(JSON.stringify(alice))).toEqual({ publicKey: alice.publicKey });
  });

  it.each([
    ["zero", "0".repeat(64)],
    ["the order of the curve", "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"],
    ["a text one character short", "1".repeat(63)],
  ])("[R2] refuses %s as a secret without repeating it", (_, secret) => {
    expect(() => keypairFrom(secret)).toThrow(/^secret key: expected/);
    expect(() => keypairFrom(secret)).not.toThrow(secret);
  });
});

describe("signLogin", () => {
  it("[N5] signs the nonce as it came, and the signature is good for that nonce only", async () => {
    const signature = await alice.signLogin(nonce, dialled);
    expect(verifySignature(signature, nonce, alice.publicKey)).toBe(true);
    const other = makeLoginNonce({ ...dialled, expiresAt: dialled.now + 61, random: "5a".repeat(32) });
    expect(verifySignature(signature, other, alice.publicKey)).toBe(false);
    expect(verifySignature(signature, atob(nonce), alice.publicKey)).toBe(false);
  });

  it.each<[string, Partial<typeof dialled>]>([
    ["another circle than the dialled one", { circle: mallory.publicKey }],
    ["another host than the dialled one", { host: "relay.example" }],
    ["an hour from now", { now: dialled.now - 3_600 }],
    ["an hour ago", { now: dialled.now + 3_600 }],
  ])("[N4] refuses a nonce for %s", async (_, change) => {
    await expect(alice.signLogin(nonce, { ...dialled, ...change })).rejects.toThrow(NonceRefused);
  });

  it.each([
    ["a play", playText(play)],
    ["a play in base64", btoa(playText(play))],
    ["a message", "pay mallory 100"],
    ["random bytes", btoa("\u0001".repeat(32))],
    ["nothing", ""],
  ])("[K7] refuses %s in place of a nonce", async (_, text) => {
    await expect(alice.signLogin(text as Nonce, dialled)).rejects.toThrow(TypeError);
  });
});

describe("signPlay", () => {
  it("[E1] signs the text of the play, and the signature is good for no other play", async () => {
    await fc.assert(
      fc.asyncProperty(anyPlay, anyPlay, async (fields, others) => {
        const mine = { ...fields, caller: alice.publicKey };
        const signature = await alice.signPlay(mine);
        expect(verifySignature(signature, playText(mine), alice.publicKey)).toBe(true);
        fc.pre(playText(others) !== playText(mine));
        expect(verifySignature(signature, playText(others), alice.publicKey)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  it("[K7] refuses to sign in another peer's name, unless a delegation says so", async () => {
    await expect(mallory.signPlay(play)).rejects.toThrow(TypeError);
    const fields = { ...play, delegation: "2".repeat(64) as Sha256 };
    expect(verifySignature(await mallory.signPlay(fields), playText(fields), mallory.publicKey)).toBe(true);
  });

  it("[K7] refuses fields that have not their form, so nothing else can be put into the text", async () => {
    const taskId = `0123456789abcdef\nscript:${"0".repeat(64)}` as TaskId;
    await expect(alice.signPlay({ ...play, taskId })).rejects.toThrow(TypeError);
    await expect(alice.signPlay({ ...play, timeoutMs: 0 })).rejects.toThrow(RangeError);
  });

  it("[K6] signs the same play with the same signature", async () => {
    expect(await alice.signPlay(play)).toBe(await alice.signPlay({ ...play }));
  });
});

describe("signDelegation", () => {
  it("[E5] signs the text of the delegation", async () => {
    await fc.assert(
      fc.asyncProperty(anyDelegation, async (fields) => {
        const mine = { ...fields, root: alice.publicKey, device: bob.publicKey };
        expect(verifySignature(await alice.signDelegation(mine), delegationText(mine), alice.publicKey)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it("[K7] refuses to sign for another root", async () => {
    const fields = {
      root: alice.publicKey,
      device: mallory.publicKey,
      circles: "*" as const,
      notBefore: 0,
      expiresAt: 1,
    };
    await expect(mallory.signDelegation(fields)).rejects.toThrow(TypeError);
  });
});

describe("every signer", () => {
  it("[E7] gives three signatures for three purposes, none good for another", async () => {
    const fields = { root: alice.publicKey, device: bob.publicKey, circles: "*" as const, notBefore: 0, expiresAt: 1 };
    const signed = [
      { text: nonce as string, signature: await alice.signLogin(nonce, dialled) },
      { text: playText(play), signature: await alice.signPlay(play) },
      { text: delegationText(fields), signature: await alice.signDelegation(fields) },
    ];
    for (const { signature } of signed) {
      const good = signed.filter(({ text }) => verifySignature(signature, text, alice.publicKey));
      expect(good).toHaveLength(1);
    }
  });
});
