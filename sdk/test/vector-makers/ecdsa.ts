import { createHash, createHmac } from "node:crypto";
import { add, compressed, G, hex, invert, lift, mod, N, negate, over, P, type Point, times } from "./secp256k1.ts";

/** The two numbers of an ECDSA signature, in range or not. */
export type Numbers = { readonly r: bigint; readonly s: bigint };

export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** The message as ECDSA sees it: its SHA-256 as a number. */
export function hashNumber(message: string): bigint {
  return BigInt(`0x${sha256(message)}`);
}

/** A scalar that anybody can make again: the SHA-256 of "secret of " and its name. */
export function secretOf(name: string): bigint {
  return mod(hashNumber(`secret of ${name}`), N);
}

export function publicKeyOf(secret: bigint): string {
  return compressed(times(secret, G));
}

/** Signs with k by RFC 6979 §3.2 and a low s. */
export function sign(secret: bigint, message: string): Numbers {
  return signWith(secret, deterministicK(secret, hashNumber(message)), message);
}

/** Signs a hash, as a number. `isOdd`: with this r and s the point R has an odd y, which is what a recovery id says. */
export function signHash(secret: bigint, hash: bigint): Numbers & { readonly isOdd: boolean } {
  const k = deterministicK(secret, hash);
  const point = times(k, G);
  const r = mod(xOf(point), N);
  const s = over(hash + r * secret, k);
  return { r, s: lowS(s), isOdd: ((point?.y ?? 0n) & 1n) === (isLow(s) ? 1n : 0n) };
}

/** Signs with a chosen k and a low s. */
export function signWith(secret: bigint, k: bigint, message: string): Numbers {
  const r = mod(xOf(times(k, G)), N);
  return { r, s: lowS(over(hashNumber(message) + r * secret, k)) };
}

/** RFC 6979 §3.2, steps a to h, for HMAC-SHA-256 and a 256-bit order. */
function deterministicK(secret: bigint, hash: bigint): bigint {
  const seed = hex(secret) + hex(mod(hash, N));
  const hmac = (key: string, data: string) =>
    createHmac("sha256", Buffer.from(key, "hex")).update(data, "hex").digest("hex");
  let v = "01".repeat(32);
  let key = hmac("00".repeat(32), `${v}00${seed}`);
  v = hmac(key, v);
  key = hmac(key, `${v}01${seed}`);
  v = hmac(key, v);
  for (;;) {
    v = hmac(key, v);
    const k = BigInt(`0x${v}`);
    if (k > 0n && k < N) return k;
    key = hmac(key, `${v}00`);
    v = hmac(key, v);
  }
}

export function lowS(s: bigint): bigint {
  return isLow(s) ? s : N - s;
}

export function isLow(s: bigint): boolean {
  return s <= (N - 1n) / 2n;
}

/**
 * The public key under which the verifier of (r, s) computes exactly `point`, so that any r and any s can be given a key:
 * Q = r⁻¹(s·R − e·G), SEC 1 §4.1.6.
 */
export function keyFor(point: Point, { r, s }: Numbers, message: string): Point {
  const key = times(invert(r, N), add(times(s, point), negate(times(hashNumber(message), G))));
  if (!key) throw new RangeError("key: expected a point, got infinity; change the message");
  return key;
}

/** SEC 1 §4.1.4 with the rule that s is low: what every verifier is measured against. */
export function verifies(publicKey: Point, { r, s }: Numbers, message: string): boolean {
  if (!publicKey || r < 1n || r >= N || s < 1n || !isLow(s)) return false;
  const point = add(times(over(hashNumber(message), s), G), times(over(r, s), publicKey));
  return point !== undefined && mod(point.x, N) === r;
}

/** Reads a compressed key; `undefined` unless it names a point. */
export function pointOf(publicKey: string): Point {
  if (!/^0[23][0-9a-f]{64}$/.test(publicKey)) return undefined;
  const x = BigInt(`0x${publicKey.slice(2)}`);
  return x < P ? lift(x, publicKey.startsWith("03") ? 1n : 0n) : undefined;
}

export function xOf(point: Point): bigint {
  if (!point) throw new RangeError("point: expected one that is not at infinity");
  return point.x;
}

/** r‖s as it crosses the wire. */
export function wire({ r, s }: Numbers): string {
  return hex(r) + hex(s);
}
