import type { SignatureCase } from "../read-vectors.ts";
import { hashNumber, isLow, lowS, secretOf, sign, xOf } from "./ecdsa.ts";
import { G, invert, mod, N, negate, over, type Point, times } from "./secp256k1.ts";
import { messageThat, numbersCase } from "./signature-case.ts";

/** Sums that meet infinity or a doubling on their way, and keys whose coordinates are out of the ordinary. */
export function edgePointCases(): SignatureCase[] {
  return [...duplicationCases(), ...shamirCases(), ...edgeKeyCases()];
}

/** u1·G and u2·Q are equal, or cancel out. */
function duplicationCases(): SignatureCase[] {
  const flags = ["PointDuplication", "ArithmeticError"];
  const doubled = ["1", "2", "3", "4"].map((name) => {
    const k = secretOf(`doubling ${name}`);
    const r = mod(xOf(times(k, G)), N);
    const comment = "u1·G equals u2·Q";
    const message = messageThat(comment + name, (text) => isLow(over(2n * hashNumber(text), k)));
    const e = hashNumber(message);
    return numbersCase({
      comment,
      flags,
      key: times(over(e, r), G),
      message,
      numbers: { r, s: over(2n * e, k) },
      valid: true,
    });
  });
  const cancelled = [1n, 2n, 2n ** 128n, secretOf("any s") >> 1n].map((s, i) => {
    const message = `u1·G and u2·Q cancel out #${i}`;
    const r = mod(xOf(times(secretOf(message), G)), N);
    const key = times(over(-hashNumber(message), r), G);
    const comment = `u1·G + u2·Q is infinity, s = ${s}`;
    return numbersCase({ comment, flags, key, message, numbers: { r, s }, valid: false });
  });
  return [...doubled, ...cancelled, ...generatorCases(flags)];
}

/** The key is G or -G: u1·G + u2·Q is (u1 ± u2)·G. */
function generatorCases(flags: string[]): SignatureCase[] {
  const keys: [string, bigint, Point][] = [
    ["G", 1n, G],
    ["-G", N - 1n, negate(G)],
  ];
  return keys.flatMap(([name, secret, key]) => {
    const message = `the key is ${name}`;
    const e = hashNumber(message);
    const { r, s } = sign(secret, message);
    const rOfG = mod(xOf(G), N);
    const same = lowS(mod(e + rOfG * secret, N));
    const valid: [string, bigint, bigint][] = [
      ["an ordinary k", r, s],
      ["k = 1 or -1", rOfG, same],
    ];
    const invalid: [string, bigint, bigint][] = [
      ["s one higher", r, s + 1n],
      ["r = e, so that u1 = u2", mod(e, N), lowS(s)],
      ["r = n - e, so that u1 = -u2", mod(-e, N), lowS(s)],
      ["r and s are the x of G", rOfG, lowS(rOfG)],
    ];
    const made = (valid: boolean) => {
      return ([how, r, s]: [string, bigint, bigint]) =>
        numbersCase({ comment: `${message}, ${how}`, flags, key, message, numbers: { r, s }, valid });
    };
    return [...valid.map(made(true)), ...invalid.map(made(false))];
  });
}

/**
 * Shamir's trick adds G, Q or G + Q after each doubling, from the highest bits of u1 and u2 down. With k = a + b·d, where
 * a and b are the lowest `bits` of u1 and u2, the sum is infinity when those bits are all that is left to do.
 */
function shamirCases(): SignatureCase[] {
  const lowest: [number, bigint, bigint][] = [
    [1, 1n, 0n],
    [1, 0n, 1n],
    [1, 1n, 1n],
    [2, 1n, 2n],
    [2, 3n, 3n],
    [3, 5n, 2n],
    [4, 9n, 7n],
    [5, 31n, 1n],
  ];
  const infinite = lowest.map(([bits, a, b]) => {
    const comment = `after all bits of u1 and u2 but the lowest ${bits}, ${a} and ${b}, the sum is infinity`;
    return endingCase({ comment, bits, a, b, factor: 1n });
  });
  const doubling = lowest.slice(0, 3).map(([bits, a, b]) => {
    const comment = `the last bits of u1 and u2, ${a} and ${b}, add a point to itself`;
    return endingCase({ comment, bits, a, b, factor: 2n });
  });
  return [...infinite, ...doubling];
}

/** A case with k = factor·(a + b·d), and with a and b as the lowest bits of u1 and u2. */
function endingCase(wanted: { comment: string; bits: number; a: bigint; b: bigint; factor: bigint }): SignatureCase {
  const { comment, bits, a, b, factor } = wanted;
  const mask = (1n << BigInt(bits)) - 1n;
  const chosen = secretOf(comment);
  const k = mod(factor * (a + b * chosen), N);
  const r = mod(xOf(times(k, G)), N);
  for (let i = 0; ; i++) {
    const message = `${comment} #${i}`;
    const e = hashNumber(message);
    // Where k does not depend on the key, s may be chosen and the key follows.
    const secret = b === 0n ? over(lowS(secretOf(`s of ${message}`)) * k - e, r) : chosen;
    const s = over(e + r * secret, k);
    if (!isLow(s) || (over(e, s) & mask) !== a || (over(r, s) & mask) !== b) continue;
    const flags = ["EdgeCaseShamirMultiplication", "ArithmeticError"];
    return numbersCase({ comment, flags, key: times(secret, G), message, numbers: { r, s }, valid: true });
  }
}

/** The first two have the shortest x that is known; the others were found by counting secrets upwards from 2^128. */
const HALF = invert(2n, N);
const Y_OF_30_ZEROS = 2n ** 128n + 531_255_869n;
const EDGE_KEYS: readonly (readonly [string, bigint])[] = [
  ["the secret 1/2, x of 166 bits", HALF],
  ["the secret -1/2, x of 166 bits", N - HALF],
  ["the secret 1", 1n],
  ["the secret n - 1", N - 1n],
  ["x that begins with 30 zeros", 2n ** 128n + 149_109_451n],
  ["x that begins with 30 ones", 2n ** 128n + 2_394_631_459n],
  ["x that ends in 30 zeros", 2n ** 128n + 365_342_152n],
  ["x that ends in 30 ones", 2n ** 128n + 230_926_333n],
  ["y that begins with 30 zeros", Y_OF_30_ZEROS],
  ["y that begins with 30 ones", N - Y_OF_30_ZEROS],
  ["y that ends in 30 zeros", 2n ** 128n + 201_748_357n],
  ["y that ends in 30 ones", 2n ** 128n + 1_361_690_680n],
];

function edgeKeyCases(): SignatureCase[] {
  return EDGE_KEYS.flatMap(([name, secret]) => {
    const key = times(secret, G);
    const flags = ["EdgeCasePublicKey"];
    const cases = [1, 2].map((i) => {
      const message = `edge case key, message ${i}`;
      return numbersCase({
        comment: `key with ${name}`,
        flags,
        key,
        message,
        numbers: sign(secret, message),
        valid: true,
      });
    });
    const message = "edge case key, message 3";
    const { r, s } = sign(secret, message);
    const comment = `key with ${name}, s one too low`;
    return [...cases, numbersCase({ comment, flags, key, message, numbers: { r, s: s - 1n }, valid: false })];
  });
}
