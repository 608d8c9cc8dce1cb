import type { SignatureCase } from "../read-vectors.ts";
import { keyFor, secretOf, sign, wire, xOf } from "./ecdsa.ts";
import { compressed, G, hex, lift, N, nextX, P, times } from "./secp256k1.ts";
import { malformedCase, numbersCase, recoveredCase } from "./signature-case.ts";

const WORD = 2n ** 256n;

/** r and s out of range, on its edges, in other lengths, and the other of two s. */
export function rangeCases(): SignatureCase[] {
  return [...specialValueCases(), ...shiftedCases(), ...negatedCases(), ...highSCases(), ...sizeCases()];
}

function specialValueCases(): SignatureCase[] {
  const key = times(secretOf("special values"), G);
  const message = "special values";
  const values: [string, bigint][] = [
    ["0", 0n],
    ["1", 1n],
    ["(n - 1) / 2", (N - 1n) / 2n],
    ["n - 1", N - 1n],
    ["n", N],
    ["n + 1", N + 1n],
    ["p - 1", P - 1n],
    ["p", P],
    ["p + 1", P + 1n],
    ["2^256 - 1", WORD - 1n],
  ];
  return values.flatMap(([rName, r]) =>
    values.map(([sName, s]) => {
      const parts = { comment: `r = ${rName}, s = ${sName}`, flags: ["InvalidSignature"], key, message };
      return numbersCase({ ...parts, numbers: { r, s }, valid: false });
    }),
  );
}

/** A valid pair whose r and s are so small that adding n keeps them within 32 bytes. */
function smallPair() {
  const point = lift(nextX(5n));
  const numbers = { r: xOf(point), s: 12_345n };
  const message = "small enough to add n";
  return { point, numbers, message, key: compressed(keyFor(point, numbers, message)) };
}

function shiftedCases(): SignatureCase[] {
  const { point, numbers, message, key } = smallPair();
  const { r, s } = numbers;
  const shifts: [string, bigint, string][] = [
    ["n", N, "RangeCheck"],
    ["256 n", 256n * N, "RangeCheck"],
    ["p", P, "RangeCheck"],
    ["2^256", WORD, "IntegerOverflow"],
    ["2^320", 2n ** 320n, "IntegerOverflow"],
    ["2^512", 2n ** 512n, "IntegerOverflow"],
  ];
  const shifted = shifts.flatMap(([name, shift, flag]) => {
    const bytes = Math.max(32, hex(shift).length / 2);
    const shared = { flags: [flag], message, public_key: key };
    return [
      malformedCase({ comment: `r + ${name} for r`, ...shared, signature: hex(r + shift, bytes) + hex(s, bytes) }),
      malformedCase({ comment: `s + ${name} for s`, ...shared, signature: hex(r, bytes) + hex(s + shift, bytes) }),
      malformedCase({ comment: `both + ${name}`, ...shared, signature: hex(r + shift, bytes) + hex(s + shift, bytes) }),
    ];
  });
  const valid = recoveredCase({ comment: "r and s as they are", flags: ["RangeCheck"], point, numbers, message });
  const minus = (what: string, signature: string) =>
    malformedCase({ comment: what, flags: ["RangeCheck"], message, public_key: key, signature });
  return [
    valid,
    ...shifted,
    minus("r - n for r, as two's complement", hex(WORD + r - N) + hex(s)),
    minus("s - n for s, as two's complement", hex(r) + hex(WORD + s - N)),
    minus("s - 2^256 for s, with its sign in front", `${hex(r)}ff${hex(s)}`),
  ];
}

function negatedCases(): SignatureCase[] {
  const secret = secretOf("negated numbers");
  const key = times(secret, G);
  const message = "negated numbers";
  const { r, s } = sign(secret, message);
  const changed: [string, { r: bigint; s: bigint }][] = [
    ["-r for r, as two's complement", { r: WORD - r, s }],
    ["n - r for r", { r: N - r, s }],
    ["-n - r for r, as two's complement", { r: 2n * WORD - N - r, s }],
    ["r + 1 for r", { r: r + 1n, s }],
    ["r - 1 for r", { r: r - 1n, s }],
    ["-s for s, as two's complement", { r, s: WORD - s }],
    ["-n - s for s, as two's complement", { r, s: 2n * WORD - N - s }],
    ["s + 1 for s", { r, s: s + 1n }],
    ["s - 1 for s", { r, s: s - 1n }],
    ["s and r exchanged", { r: s, s: r }],
    ["r twice", { r, s: r }],
    ["s twice", { r: s, s }],
  ];
  return changed.map(([comment, numbers]) =>
    numbersCase({
      comment,
      flags: ["ModifiedInteger"],
      key,
      message,
      numbers: { r: numbers.r % WORD, s: numbers.s % WORD },
      valid: false,
    }),
  );
}

/** Of s and n - s only the lower counts, so that nobody can make a second signature out of a first. */
function highSCases(): SignatureCase[] {
  const flags = ["SignatureMalleabilityBitcoin"];
  const secret = secretOf("high s");
  const message = "high s";
  const { r, s } = sign(secret, message);
  const point = times(secretOf("k for the edge of low s"), G);
  const edge = { r: xOf(point) % N, s: (N - 1n) / 2n };
  const above = { r: edge.r, s: N - edge.s };
  return [
    numbersCase({ comment: "s is low", flags, key: times(secret, G), message, numbers: { r, s }, valid: true }),
    numbersCase({
      comment: "n - s is high",
      flags,
      key: times(secret, G),
      message,
      numbers: { r, s: N - s },
      valid: false,
    }),
    recoveredCase({ comment: "s = (n - 1) / 2, the highest low one", flags, point, numbers: edge, message }),
    numbersCase({
      comment: "s = (n + 1) / 2, the lowest high one, for the same key",
      flags,
      key: keyFor(point, edge, message),
      message,
      numbers: above,
      valid: false,
    }),
    numbersCase({
      comment: "s = (n + 1) / 2, for the key that it would fit",
      flags,
      key: keyFor(point, above, message),
      message,
      numbers: above,
      valid: false,
    }),
    ...[1n, 2n, 2n ** 128n].map((low) =>
      numbersCase({
        comment: `s = n - ${low}`,
        flags,
        key: keyFor(point, { r: edge.r, s: N - low }, message),
        message,
        numbers: { r: edge.r, s: N - low },
        valid: false,
      }),
    ),
  ];
}

function sizeCases(): SignatureCase[] {
  const flags = ["SignatureSize"];
  const small = smallPair();
  const { r, s } = small.numbers;
  const smallSizes = [1, 2, 16, 20, 24, 28, 31, 33, 48, 64].map((bytes) =>
    malformedCase({
      comment: `r and s in ${bytes} bytes each`,
      flags,
      public_key: small.key,
      message: small.message,
      signature: hex(r, bytes) + hex(s, Math.max(bytes, 2)),
    }),
  );
  const message = "r and s begin with 00";
  const point = lift(nextX(2n ** 246n));
  const numbers = { r: xOf(point), s: 2n ** 245n + 1n };
  const public_key = compressed(keyFor(point, numbers, message));
  const signature = wire(numbers);
  const sizes = {
    "the first byte, a zero, left out": signature.slice(2),
    "the first zero left out": signature.slice(1),
    "the first byte of both left out": signature.slice(2, 64) + signature.slice(66),
    "the last byte left out": signature.slice(0, -2),
    "the last character left out": signature.slice(0, -1),
    "r alone": signature.slice(0, 64),
    "s alone": signature.slice(64),
    nothing: "",
    "one zero": "0",
    "a recovery id behind": `${signature}00`,
    "a recovery id and 27 in front": `1b${signature}`,
    "a sighash byte behind": `${signature}01`,
    "a zero byte in front": `00${signature}`,
    "the signature twice": signature + signature,
    "10000 characters": "ab".repeat(5000),
  };
  return [
    recoveredCase({ comment: "r and s begin with 00", flags, point, numbers, message }),
    ...smallSizes,
    ...Object.entries(sizes).map(([comment, given]) =>
      malformedCase({ comment: `wrong size: ${comment}`, flags, public_key, message, signature: given }),
    ),
  ];
}
