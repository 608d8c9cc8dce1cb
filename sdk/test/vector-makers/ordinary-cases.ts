import type { SignatureCase } from "../read-vectors.ts";
import { hashNumber, keyFor, lowS, secretOf, sign, signWith, xOf } from "./ecdsa.ts";
import { G, hex, N, negate, times } from "./secp256k1.ts";
import { numbersCase, recoveredCase } from "./signature-case.ts";

/** Signatures as peers make them, and good signatures held against another text or another key. */
export function ordinaryCases(): SignatureCase[] {
  return [...messageCases(), ...pseudorandomCases(), ...otherTextCases(), ...otherKeyCases()];
}

export const MESSAGES = {
  "a short message": "hello",
  "the empty message": "",
  "one space": " ",
  "text outside ASCII": "Grüße, Ἑλλάς, 日本",
  "text outside the basic plane": "🗝️ 𝄞",
  "a NUL inside": "before\u0000after",
  "a byte order mark in front, which is part of the text": "\ufeffhello",
  "a letter with a combining mark": "e\u0301",
  "the same letter composed": "\u00e9",
  "line ends of two kinds": "one\r\ntwo\nthree",
  "U+FFFD, which broken text decodes to": "\ufffd",
  "55 bytes, the most that fit one block of SHA-256": "x".repeat(55),
  "56 bytes": "x".repeat(56),
  "64 bytes, one block": "x".repeat(64),
  "1000 bytes": "0123456789".repeat(100),
};

function messageCases(): SignatureCase[] {
  return Object.entries(MESSAGES).map(([comment, message]) => {
    const secret = secretOf(`key for ${comment}`);
    const flags = ["ValidSignature", "MessageText"];
    return numbersCase({ comment, flags, key: times(secret, G), message, numbers: sign(secret, message), valid: true });
  });
}

function pseudorandomCases(): SignatureCase[] {
  return Array.from({ length: 12 }, (_, i) => {
    const secret = secretOf(`pseudorandom key ${i}`);
    const message = `pseudorandom message ${i}`;
    const numbers = signWith(secret, secretOf(`pseudorandom k ${i}`), message);
    const comment = "pseudorandom key, message and k";
    return numbersCase({ comment, flags: ["ValidSignature"], key: times(secret, G), message, numbers, valid: true });
  });
}

/** Texts that a careless reader takes for the signed one. */
function otherTextCases(): SignatureCase[] {
  const secret = secretOf("other texts");
  const signed = "caf\u00e9\n";
  const numbers = sign(secret, signed);
  const others = {
    "not composed": "cafe\u0301\n",
    "without its last line end": "caf\u00e9",
    "with another line end": "caf\u00e9\r\n",
    "with a byte order mark": "\ufeffcaf\u00e9\n",
    "in capitals": "CAF\u00c9\n",
    "with a space at its end": "caf\u00e9\n ",
    "with a NUL at its end": "caf\u00e9\n\u0000",
    "decoded as Latin-1": "caf\u00c3\u00a9\n",
    "as the hex of its hash": hex(hashNumber(signed)),
    "left out": "",
  };
  return Object.entries(others).map(([how, message]) => {
    const comment = `another text than the signed one: ${how}`;
    return numbersCase({ comment, flags: ["MessageText"], key: times(secret, G), message, numbers, valid: false });
  });
}

function otherKeyCases(): SignatureCase[] {
  const flags = ["OtherKey"];
  const message = "signed by alice";
  const alice = secretOf("alice");
  const numbers = sign(alice, message);
  const others = {
    "another peer's": times(secretOf("mallory"), G),
    "the negated one": times(N - alice, G),
    "the doubled one": times(2n * alice, G),
    "the generator": G,
  };
  const invalid = Object.entries(others).map(([how, key]) =>
    numbersCase({ comment: `another key than the signer's: ${how}`, flags, key, message, numbers, valid: false }),
  );
  const point = times(secretOf("a k of two keys"), G);
  const shared = { r: xOf(point) % N, s: lowS(secretOf("an s of two keys")) };
  return [
    ...invalid,
    recoveredCase({ comment: "one signature, first of its two keys", flags, point, numbers: shared, message }),
    numbersCase({
      comment: "one signature, second of its two keys",
      flags,
      key: keyFor(negate(point), shared, message),
      message,
      numbers: shared,
      valid: true,
    }),
  ];
}
