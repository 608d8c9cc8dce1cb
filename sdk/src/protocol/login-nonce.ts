import { describe, type Nonce, type PublicKey, parsePublicKey } from "./ids.ts";

/** What a nonce says. `host` is host and port as a URL writes them (`localhost:8090`; no port if it is the default). */
export type LoginNonce = {
  readonly circle: PublicKey;
  readonly host: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** 32 random bytes as 64 lowercase hex characters. */
  readonly random: string;
};

const FORM =
  /^circles-login\/1\ncircle:(0[23][0-9a-f]{64})\nhost:([a-z0-9.:[\]-]{1,255})\nexpires:([1-9][0-9]{0,14})\nrandom:([0-9a-f]{64})\n$/;

/**
 * The base64 text (RFC 4648 §4, padded) of five lines that say what a signature under it would be good for (rule N1 of
 * SPEC.md). @throws {TypeError} if a part does not have its form.
 */
export function makeLoginNonce({ circle, host, expiresAt, random }: LoginNonce): Nonce {
  const text = `circles-login/1\ncircle:${parsePublicKey(circle)}\nhost:${host}\nexpires:${expiresAt}\nrandom:${random}\n`;
  if (!FORM.test(text)) throw new TypeError("nonce: expected a host, Unix seconds and 64 hex characters");
  return btoa(text) as Nonce;
}

/** Reads a nonce back. @throws {TypeError} on any text that `makeLoginNonce` would not have written. */
export function parseLoginNonce(nonce: unknown): LoginNonce {
  const match = typeof nonce === "string" && nonce.length <= 1024 ? FORM.exec(decode(nonce)) : null;
  const [, circle, host, expires, random] = match ?? [];
  if (!circle || !host || !expires || !random || btoa(match?.[0] ?? "") !== nonce) {
    throw new TypeError(`nonce: expected base64 of circles-login/1, got ${describe(nonce)}`);
  }
  return { circle: parsePublicKey(circle), host, expiresAt: Number(expires), random };
}

function decode(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return ""; // not base64: no form matches the empty text
  }
}
