/**
 * The curve y² = x³ + 7 by plain BigInt arithmetic, with nothing borrowed from the libraries that the vectors test.
 * Constants and encodings: SEC 2 §2.4.1, SEC 1 §2.3.
 */
export const P = 2n ** 256n - 2n ** 32n - 977n;
export const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** A point in affine coordinates; `undefined` is the point at infinity. */
export type Point = { readonly x: bigint; readonly y: bigint } | undefined;

export const G: Point = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
};

export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = mod(base, modulus), rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus;
  }
  return result;
}

/** By Fermat: both moduli in use are prime. */
export function invert(value: bigint, modulus: bigint): bigint {
  if (mod(value, modulus) === 0n) throw new RangeError("invert: expected a number other than zero");
  return power(value, modulus - 2n, modulus);
}

/** The quotient of two scalars. */
export function over(dividend: bigint, divisor: bigint): bigint {
  return mod(dividend * invert(divisor, N), N);
}

export function negate(point: Point): Point {
  return point && { x: point.x, y: mod(-point.y, P) };
}

export function add(left: Point, right: Point): Point {
  return toAffine(addProjective(toProjective(left), toProjective(right)));
}

/** `scalar` times `point`. */
export function times(scalar: bigint, point: Point): Point {
  let sum = toProjective(undefined);
  for (let double = toProjective(point), rest = mod(scalar, N); rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = addProjective(sum, double);
    double = addProjective(double, double);
  }
  return toAffine(sum);
}

type Projective = readonly [x: bigint, y: bigint, z: bigint];

function toProjective(point: Point): Projective {
  return point ? [point.x, point.y, 1n] : [0n, 1n, 0n];
}

function toAffine([x, y, z]: Projective): Point {
  if (z === 0n) return undefined;
  const inverse = invert(z, P);
  return { x: mod(x * inverse, P), y: mod(y * inverse, P) };
}

/** Complete for every pair of points, equal and infinite ones too: Renes, Costello, Batina 2015, algorithm 7. */
function addProjective([x1, y1, z1]: Projective, [x2, y2, z2]: Projective): Projective {
  const b3 = 21n;
  const xx = x1 * x2;
  const yy = y1 * y2;
  const zz = mod(b3 * z1 * z2, P);
  const xy = (x1 + y1) * (x2 + y2) - xx - yy;
  const yz = (y1 + z1) * (y2 + z2) - yy - z1 * z2;
  const xz = b3 * ((x1 + z1) * (x2 + z2) - xx - z1 * z2);
  const less = mod(yy - zz, P);
  const more = mod(yy + zz, P);
  return [mod(xy * less - yz * xz, P), mod(less * more + 3n * xx * xz, P), mod(more * yz + 3n * xx * xy, P)];
}

/** The point with this x and an even or odd y; `undefined` where the curve has none (SEC 1 §2.3.4). */
export function lift(x: bigint, parity: 0n | 1n = 0n): Point {
  const square = mod(x ** 3n + 7n, P);
  const root = power(square, (P + 1n) / 4n, P);
  if (mod(root * root, P) !== square) return undefined;
  return { x, y: (root & 1n) === parity ? root : P - root };
}

/** The first x from `start` on, going by `step`, that some point of the curve has. */
export function nextX(start: bigint, step: 1n | -1n = 1n): bigint {
  let x = start;
  while (lift(x) === undefined) x += step;
  return x;
}

/** The first x from `start` on that no point of the curve has. */
export function nextXOffCurve(start: bigint): bigint {
  let x = start;
  while (lift(x) !== undefined) x += 1n;
  return x;
}

/** Big-endian hex of a whole number, `bytes` long, or as long as it needs to be. */
export function hex(value: bigint, bytes = 32): string {
  const digits = value.toString(16);
  return digits.padStart(Math.max(2 * bytes, digits.length + (digits.length % 2)), "0");
}

export function compressed(point: Point): string {
  if (!point) throw new RangeError("point: expected one that is not at infinity");
  return (point.y & 1n ? "03" : "02") + hex(point.x);
}

export function uncompressed(point: Point): string {
  if (!point) throw new RangeError("point: expected one that is not at infinity");
  return `04${hex(point.x)}${hex(point.y)}`;
}
