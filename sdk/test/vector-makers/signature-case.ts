import type { SignatureCase } from "../read-vectors.ts";
import { keyFor, type Numbers, pointOf, verifies, wire } from "./ecdsa.ts";
import { compressed, N, type Point } from "./secp256k1.ts";

type Parts = { comment: string; flags: string[]; message: string };

/** A case that is well formed; the arithmetic here must agree that it is valid or not. */
export function numbersCase(parts: Parts & { key: Point; numbers: Numbers; valid: boolean }): SignatureCase {
  const { comment, flags, message, key, numbers, valid } = parts;
  if (verifies(key, numbers, message) !== valid) throw new Error(`vector "${comment}": expected ${valid}`);
  return { comment, flags, public_key: compressed(key), message, signature: wire(numbers), valid };
}

/** A valid case made backwards: the key is the one under which the verifier computes `point`. */
export function recoveredCase(parts: Parts & { point: Point; numbers: Numbers }): SignatureCase {
  return numbersCase({ ...parts, key: keyFor(parts.point, parts.numbers, parts.message), valid: true });
}

/** As `recoveredCase`, but r is not the one that `point` has. */
export function wrongRCase(parts: Parts & { point: Point; numbers: Numbers }): SignatureCase {
  const reduced = { r: parts.numbers.r % N, s: parts.numbers.s };
  return numbersCase({ ...parts, key: keyFor(parts.point, reduced, parts.message), valid: false });
}

/** A case whose signature or key has not the form it has on the wire, whatever it may mean elsewhere. */
export function malformedCase(parts: Parts & { public_key: string; signature: string }): SignatureCase {
  const { comment, flags, public_key, message, signature } = parts;
  if (/^[0-9a-f]{128}$/.test(signature) && verifies(pointOf(public_key), numbersOf(signature), message)) {
    throw new Error(`vector "${comment}": expected a refusal`);
  }
  return { comment, flags, public_key, message, signature, valid: false };
}

/** The first of `label #0`, `label #1`, … that `suits`. */
export function messageThat(label: string, suits: (message: string) => boolean): string {
  for (let i = 0; ; i++) if (suits(`${label} #${i}`)) return `${label} #${i}`;
}

function numbersOf(signature: string): Numbers {
  return { r: BigInt(`0x${signature.slice(0, 64)}`), s: BigInt(`0x${signature.slice(64)}`) };
}
