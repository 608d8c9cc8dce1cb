/** A peer's public key: 66 lowercase hex characters, the 33-byte compressed form (SEC 1 §2.3.3). */
export type PublicKey = string & { readonly __brand: "PublicKey" };

/** An ECDSA signature on secp256k1: r‖s, 64 bytes, low-s, as 128 lowercase hex characters. */
export type Signature = string & { readonly __brand: "Signature" };

/** Names one play of one caller in one circle, and makes repeating it harmless: 16 to 64 of `A-Z a-z 0-9 _ -`. */
export type TaskId = string & { readonly __brand: "TaskId" };

/** The base64 text that a login signs (see `login-nonce.ts`). */
export type Nonce = string & { readonly __brand: "Nonce" };

/** SHA-256 of some bytes, as 64 lowercase hex characters. */
export type Sha256 = string & { readonly __brand: "Sha256" };

/** Names what happens for one request, across programs: 32 lowercase hex characters (trace-id of W3C Trace Context §3.2.2.3). */
export type TraceId = string & { readonly __brand: "TraceId" };

/** Checks the form only; being on the curve is for `@circles/sdk/keys`. @throws {TypeError} on any other text. */
export function parsePublicKey(text: unknown): PublicKey {
  if (typeof text === "string" && /^0[23][0-9a-f]{64}$/.test(text)) return text as PublicKey;
  throw new TypeError(`public key: expected 66 lowercase hex characters starting 02 or 03, got ${describe(text)}`);
}

/** Checks the form only, not that anybody made it. @throws {TypeError} on any other text. */
export function parseSignature(text: unknown): Signature {
  if (typeof text === "string" && /^[0-9a-f]{128}$/.test(text)) return text as Signature;
  throw new TypeError(`signature: expected r‖s as 128 lowercase hex characters, got ${describe(text)}`);
}

/** @throws {TypeError} unless the text is 16 to 64 characters of the base64url alphabet. */
export function parseTaskId(text: unknown): TaskId {
  if (typeof text === "string" && /^[A-Za-z0-9_-]{16,64}$/.test(text)) return text as TaskId;
  throw new TypeError(`task id: expected 16 to 64 characters of A-Z a-z 0-9 _ -, got ${describe(text)}`);
}

/** @throws {TypeError} unless the text is 32 lowercase hex characters, not all of them 0. */
export function parseTraceId(text: unknown): TraceId {
  if (typeof text === "string" && /^(?!0+$)[0-9a-f]{32}$/.test(text)) return text as TraceId;
  throw new TypeError(`trace: expected 32 lowercase hex characters, not all 0, got ${describe(text)}`);
}

/** @throws {TypeError} unless the text is 64 lowercase hex characters. */
export function parseSha256(text: unknown): Sha256 {
  if (typeof text === "string" && /^[0-9a-f]{64}$/.test(text)) return text as Sha256;
  throw new TypeError(`sha-256: expected 64 lowercase hex characters, got ${describe(text)}`);
}

/** A fresh task id: 128 random bits as 22 characters of base64url. */
export function makeTaskId(): TaskId {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") as TaskId;
}

/** What a value is, without repeating it: keys, nonces and scripts do not belong into messages. */
export function describe(value: unknown): string {
  if (typeof value === "string") return `${value.length} characters`;
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}
