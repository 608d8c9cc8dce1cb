import { hash } from "node:crypto";
import type { PublicKey } from "@circles/sdk/protocol";
import type { Verifier } from "./verifier.ts";

const TEXT = "circles self-test: grüße";
const KEY = "03f3a9a43692846524c5e0f4645ef53d90abc6c9257ef1ff4b234419f5e26737c8";
const R = "81a116dce19207c91f48c7974097e4536af4ebf67dc2b82025abd3e57518a349";
const S = "56f5c2b6136d44f5ddb17b490901f2fcfd60278ee2521ab42476ae2176abcef0";

/** A key for which the point that a verifier computes has x = n + 2, so that r is 2 and needs its reduction. */
const WRAPPING_KEY = "02c527548734221d5589fe7ffb160f9e5e25f69a58ca33ae67d7f40d2837472142";
const TWO = "0000000000000000000000000000000000000000000000000000000000000002";
const HIGHEST_LOW_S = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";

const QUESTIONS: readonly (readonly [what: string, answer: boolean, signature: string, text: string, key: string])[] = [
  ["a signature", true, R + S, TEXT, KEY],
  ["r that was reduced, s the highest low one", true, TWO + HIGHEST_LOW_S, TEXT, WRAPPING_KEY],
  [
    "r that was not reduced",
    false,
    `fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364143${HIGHEST_LOW_S}`,
    TEXT,
    WRAPPING_KEY,
  ],
  ["the high s", false, `${R}a90a3d49ec92bb0a224e84b6f6fe0d01bd4eb557ccf685879b5bb06b598a7251`, TEXT, KEY],
  ["another text", false, R + S, `${TEXT} `, KEY],
  ["another key", false, R + S, TEXT, WRAPPING_KEY],
  ["the negated key", false, R + S, TEXT, `02${KEY.slice(2)}`],
  ["r and s of zero", false, "0".repeat(128), TEXT, KEY],
  ["a key off the curve", false, R + S, TEXT, `02${"5".padStart(64, "0")}`],
  ["capitals", false, (R + S).toUpperCase(), TEXT, KEY],
];

/** Returns the verifier if it answers what is known right. @throws {Error} that names what it got wrong. */
export function checkVerifier(verifier: Verifier): Verifier {
  for (const [what, answer, signature, text, key] of QUESTIONS) {
    if (verifier.verify(signature, text, key as PublicKey) === answer) continue;
    throw new Error(`verifier ${verifier.name}: expected ${answer} to ${what}, got another answer`);
  }
  for (const [what, answer, signature, text, key] of QUESTIONS) {
    if (verifier.verifyHash(signature, hash("sha256", text, "buffer"), key as PublicKey) === answer) continue;
    throw new Error(`verifier ${verifier.name}: expected ${answer} to the hash of ${what}, got another answer`);
  }
  return verifier;
}
