import { canonicalPublicKey, generateKeypair, sha256Hex } from "@circles/sdk/keys";
import { makeTaskId, type PublicKey, playText } from "@circles/sdk/protocol";
import type { TextVerifier } from "../../src/signatures/verifier.ts";
import { middle } from "../middle.ts";
import { makeAllVerifiers } from "./all-verifiers.ts";

type Question = { readonly signature: string; readonly text: string; readonly publicKey: PublicKey };

const CALLERS = 32;
const PLAYS = 256;
/** Long enough to time, short enough that all verifiers meet the same weather. */
const SLICE_MS = 20;

/**
 * Asks all verifiers the same questions in turns and prints how many of each kind they answer per second: the median of
 * the turns. Takes about `seconds` in all.
 */
async function benchVerifiers(seconds: number): Promise<void> {
  const verifiers = await makeAllVerifiers();
  const kinds = Object.entries(await makeQuestions());
  const turns = Math.max(1, Math.round((seconds * 1_000) / (verifiers.length * kinds.length * SLICE_MS)));
  const rates = new Map(verifiers.map(({ name }) => [name, new Map<string, number[]>()]));
  for (let turn = 0; turn < turns; turn++) {
    for (const [kind, questions] of kinds) {
      for (const verifier of verifiers) {
        const ofVerifier = rates.get(verifier.name);
        ofVerifier?.set(kind, [...(ofVerifier.get(kind) ?? []), answersPerSecond(verifier, questions)]);
      }
    }
  }
  console.log(`signatures verified per second, median of ${turns} turns of ${SLICE_MS} ms, texts of plays`);
  const row = (ofVerifier: Map<string, number[]>) =>
    Object.fromEntries(Array.from(ofVerifier, ([kind, each]) => [kind, Math.round(middle(each))]));
  console.table(Object.fromEntries(Array.from(rates, ([name, ofVerifier]) => [name, row(ofVerifier)])));
}

function answersPerSecond(verifier: TextVerifier, questions: readonly Question[]): number {
  const start = performance.now();
  for (let answered = 0; ; ) {
    for (const { signature, text, publicKey } of questions) {
      verifier.verify(signature, text, publicKey);
      answered += 1;
      const elapsed = performance.now() - start;
      if (elapsed >= SLICE_MS) return (answered * 1_000) / elapsed;
    }
  }
}

/** Signed plays, and what strangers send in their place. */
async function makeQuestions(): Promise<Record<string, Question[]>> {
  const callers = Array.from({ length: CALLERS }, generateKeypair);
  const circle = generateKeypair().publicKey;
  const now = Math.floor(Date.now() / 1_000);
  const valid = await Promise.all(
    Array.from({ length: PLAYS }, async (_, i): Promise<Question> => {
      const signer = callers[i % CALLERS] ?? generateKeypair();
      const fields = {
        circle,
        caller: signer.publicKey,
        taskId: makeTaskId(),
        script: sha256Hex(`script ${i}`),
        args: sha256Hex("null"),
        issuedAt: now,
        expiresAt: now + 120,
      };
      return { signature: await signer.signPlay(fields), text: playText(fields), publicKey: signer.publicKey };
    }),
  );
  const offCurve = keysOffCurve();
  return {
    valid,
    "another text": valid.map((question) => ({ ...question, text: `${question.text} ` })),
    "key off the curve": valid.map((question, i) => ({ ...question, publicKey: offCurve[i] ?? question.publicKey })),
    "not r‖s": valid.map((question) => ({ ...question, signature: `30${question.signature}` })),
  };
}

/** Keys of the right form whose x no point has; about every second number is one. */
function keysOffCurve(): PublicKey[] {
  const keys = Array.from({ length: 4 * PLAYS }, (_, i) => `02${sha256Hex(`x ${i}`)}`);
  return keys.filter((key) => !isOnCurve(key)).map((key) => key as PublicKey);
}

function isOnCurve(key: string): boolean {
  try {
    return canonicalPublicKey(key) === key;
  } catch {
    return false;
  }
}

await benchVerifiers(process.argv.includes("--short") ? 1 : 20);
