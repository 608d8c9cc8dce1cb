import { createHash } from "node:crypto";
import { generateKeypair } from "@circles/sdk/keys";
import { makeLoginNonce, type PublicKey } from "@circles/sdk/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { hexOf } from "../../../sdk/test/arbitraries.ts";
import { alice, bob, mallory } from "../../../sdk/test/people.ts";
import { readVectors } from "../../../sdk/test/read-vectors.ts";
import { nameOf, WRONG_VALUES } from "../../../sdk/test/wrong-values.ts";
import { checkVerifier } from "./self-test.ts";
import type { TextVerifier, Verifier } from "./verifier.ts";

const vectors = readVectors("signatures").verify;
const dialled = { circle: bob.publicKey, host: "localhost:8090" };

/** What every verifier promises. Rules K4 and K5 of the SDK's SPEC.md. */
export function verifierContract(name: string, makeVerifier: () => Promise<Verifier>): void {
  textVerifierContract(name, makeVerifier);

  it(`[K5] ${name} answers every vector right by its hash, and other hashes with false`, async () => {
    const verifier = await makeVerifier();
    const wrong = vectors.filter(({ signature, message, public_key, valid }) => {
      const hash = createHash("sha256").update(message).digest();
      const isRight = verifier.verifyHash(signature, hash, public_key as PublicKey) === valid;
      return !isRight || verifier.verifyHash(signature, hash.toReversed(), public_key as PublicKey);
    });
    expect(wrong).toEqual([]);
  });

  it(`[W1] ${name} answers right to what wallets sign`, async () => {
    const verifier = await makeVerifier();
    for (const { delegation, signed_hash } of readVectors("delegations").signed) {
      const { signature, root } = delegation;
      const hash = Buffer.from(signed_hash, "hex");
      expect(verifier.verifyHash(signature, hash, root as PublicKey)).toBe(true);
      expect(verifier.verifyHash(signature, hash.subarray(1), root as PublicKey)).toBe(false);
    }
  });

  it(`[K5] ${name} passes the test that it must pass before it is trusted`, async () => {
    const verifier = await makeVerifier();
    expect(checkVerifier(verifier)).toBe(verifier);
  });
}

/** What those promise too that only know texts. */
export function textVerifierContract(name: string, makeVerifier: () => Promise<TextVerifier>): void {
  it(`[K5] ${name} answers every vector right`, async () => {
    const verifier = await makeVerifier();
    const wrong = vectors.filter(({ signature, message, public_key, valid }) => {
      return verifier.verify(signature, message, public_key as PublicKey) !== valid;
    });
    expect(wrong).toEqual([]);
  });

  it(`[K4] ${name} takes what the SDK signs, for its own text and key only`, async () => {
    const verifier = await makeVerifier();
    const now = Math.floor(Date.now() / 1000);
    for (const peer of [alice, mallory, generateKeypair(), generateKeypair()]) {
      const nonce = makeLoginNonce({ ...dialled, expiresAt: now + 60, random: "5a".repeat(32) });
      const signature = await peer.signLogin(nonce, { ...dialled, now });
      expect(verifier.verify(signature, nonce, peer.publicKey)).toBe(true);
      expect(verifier.verify(signature, `${nonce}\n`, peer.publicKey)).toBe(false);
      expect(verifier.verify(signature, nonce, bob.publicKey)).toBe(false);
    }
  });

  it(`[K5] ${name} answers false to whatever is no text, and does not throw`, async () => {
    const verifier = await makeVerifier();
    const { signature, message, public_key } = validCase();
    for (const value of WRONG_VALUES) {
      const wrong = value as never;
      expect(verifier.verify(wrong, message, public_key as PublicKey), nameOf(value)).toBe(false);
      expect(verifier.verify(signature, wrong, public_key as PublicKey), nameOf(value)).toBe(false);
      expect(verifier.verify(signature, message, wrong), nameOf(value)).toBe(false);
    }
  });

  it(`[K5] ${name} answers false to any texts, and does not throw`, async () => {
    const verifier = await makeVerifier();
    const anyText = fc.oneof(
      fc.string({ unit: "binary" }),
      hexOf(128),
      hexOf(66),
      hexOf(64).map((hex) => `02${hex}`),
    );
    fc.assert(
      fc.property(anyText, fc.string({ unit: "binary" }), anyText, (signature, text, key) => {
        expect(verifier.verify(signature, text, key as PublicKey)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it(`[K5] ${name} takes no harm from what it refused: the next answer is right`, async () => {
    const verifier = await makeVerifier();
    const { signature, message, public_key } = validCase();
    fc.assert(
      fc.property(fc.constantFrom(...vectors.filter(({ valid }) => !valid)), (hostile) => {
        verifier.verify(hostile.signature, hostile.message, hostile.public_key as PublicKey);
        expect(verifier.verify(signature, message, public_key as PublicKey)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
}

function validCase() {
  const item = vectors.find(({ valid }) => valid);
  if (!item) throw new Error("signatures.json: expected a valid case");
  return item;
}
