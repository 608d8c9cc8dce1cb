import type { SignatureCase, SignatureVectors, Vectors } from "../read-vectors.ts";
import { canonicalJsonVectors } from "./canonical-json.ts";
import { delegationVectors } from "./delegations.ts";
import { derCases } from "./der-cases.ts";
import { secretOf, sign, wire } from "./ecdsa.ts";
import { edgeNumberCases } from "./edge-number-cases.ts";
import { edgePointCases } from "./edge-point-cases.ts";
import { envelopeVectors } from "./envelopes.ts";
import { formCases } from "./form-cases.ts";
import { keyVectors } from "./keys.ts";
import { nonceVectors } from "./nonces.ts";
import { MESSAGES, ordinaryCases } from "./ordinary-cases.ts";
import { rangeCases } from "./range-cases.ts";
import { hex } from "./secp256k1.ts";
import { specialHashCases } from "./special-hash-cases.ts";

/** Every file of `vectors/` by its name, as text. Nothing in them is left to chance: twice made, twice the same. */
export function makeVectors(): Map<keyof Vectors, string> {
  return new Map<keyof Vectors, string>([
    ["keys", fileText(keyVectors())],
    ["signatures", fileText(signatureVectors())],
    ["nonces", fileText(nonceVectors())],
    ["envelopes", fileText(envelopeVectors())],
    ["delegations", fileText(delegationVectors())],
    ["canonical-json", fileText(canonicalJsonVectors())],
  ]);
}

function signatureVectors(): SignatureVectors {
  const sign = Object.entries(MESSAGES).map(([comment, message], i) => signCase(comment, message, i));
  const verify = [
    ...ordinaryCases(),
    ...formCases(),
    ...rangeCases(),
    ...derCases(),
    ...edgeNumberCases(),
    ...edgePointCases(),
    ...specialHashCases(),
  ];
  return { sign, verify: onlyOnce(verify) };
}

/** What a signer that follows RFC 6979 and takes the low s must answer, to the last character. */
function signCase(comment: string, message: string, i: number) {
  const secret = i === 0 ? 1n : secretOf(`signer ${i}`);
  return { comment, secret_key: hex(secret), message, signature: wire(sign(secret, message)) };
}

/** Two ways to spoil a signature may end in the same text: the first keeps its comment and gets the flags of both. */
function onlyOnce(cases: SignatureCase[]): SignatureCase[] {
  const seen = new Map<string, SignatureCase>();
  for (const item of cases) {
    const key = JSON.stringify([item.public_key, item.message, item.signature]);
    const first = seen.get(key) ?? item;
    seen.set(key, { ...first, flags: [...new Set([...first.flags, ...item.flags])] });
  }
  return [...seen.values()];
}

/** One case per line, so that a change shows as the cases it changes. */
function fileText(lists: Vectors[keyof Vectors]): string {
  const members = Object.entries(lists).map(([name, cases]: [string, readonly unknown[]]) => {
    return `  ${JSON.stringify(name)}: [\n${cases.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
  });
  return `{\n${members.join(",\n")}\n}\n`;
}
