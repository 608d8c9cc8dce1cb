import type { SignatureCase } from "../read-vectors.ts";
import { hashNumber, isLow, secretOf, xOf } from "./ecdsa.ts";
import { G, invert, lift, mod, N, nextX, over, P, type Point, times } from "./secp256k1.ts";
import { messageThat, numbersCase, recoveredCase, wrongRCase } from "./signature-case.ts";

/** r, s, k, s⁻¹, u1 = e/s and u2 = r/s at values where arithmetic was once found to break. */
export function edgeNumberCases(): SignatureCase[] {
  return [...smallCases(), ...inverseCases(), ...u1Cases(), ...u2Cases(), ...extremeKCases(), ...edgeXCases()];
}

/** Scalars with few or many bits, long runs of them, and neighbours of round fractions of n. */
const EDGES: readonly (readonly [string, bigint])[] = [
  ["1", 1n],
  ["2", 2n],
  ["3", 3n],
  ["2^31", 2n ** 31n],
  ["2^32 - 1", 2n ** 32n - 1n],
  ["2^63", 2n ** 63n],
  ["2^64 - 1", 2n ** 64n - 1n],
  ["2^64 + 1", 2n ** 64n + 1n],
  ["2^100 - 1", 2n ** 100n - 1n],
  ["2^127", 2n ** 127n],
  ["2^128 - 1", 2n ** 128n - 1n],
  ["2^128", 2n ** 128n],
  ["2^160 - 1", 2n ** 160n - 1n],
  ["2^192 - 1", 2n ** 192n - 1n],
  ["2^224", 2n ** 224n],
  ["2^252 - 1", 2n ** 252n - 1n],
  ["2^254", 2n ** 254n],
  ["n / 3", N / 3n],
  ["n / 4", N / 4n],
  ["(n - 1) / 2", (N - 1n) / 2n],
  ["(n - 3) / 2", (N - 3n) / 2n],
  ["5555…", BigInt(`0x${"5".repeat(64)}`)],
  ["3333…", BigInt(`0x${"3".repeat(64)}`)],
  ["0f0f…", BigInt(`0x${"0f".repeat(32)}`)],
  ["00ff…", BigInt(`0x${"00ff".repeat(16)}`)],
  ["00000000ffffffff…", BigInt(`0x${"00000000ffffffff".repeat(4)}`)],
  ["7fffffff00000000…", BigInt(`0x${"7fffffff00000000".repeat(4)}`)],
  ["the cube root of 1 modulo n", 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n],
];

function smallCases(): SignatureCase[] {
  const xs = [1n, 2n, 3n, 4n, 6n, 8n, 2n ** 32n, 2n ** 64n, 2n ** 100n, 2n ** 128n, 2n ** 160n].map((x) => nextX(x));
  const ss = [1n, 2n, 3n, 4n, 5n, 255n];
  const tiny = xs.slice(0, 6).flatMap((x) => ss.map((s) => ({ x, s, flags: ["SmallRandS", "ArithmeticError"] })));
  const paired = xs.slice(6).map((x) => ({ x, s: x + 1n, flags: ["SmallRandS", "ArithmeticError"] }));
  const mixed = xs.map((x) => ({ x, s: (N - 1n) / 2n - x, flags: ["ArithmeticError"] }));
  return [...tiny, ...paired, ...mixed].map(({ x, s, flags }) =>
    recoveredCase({
      comment: `r = ${x}, s = ${s}`,
      flags,
      point: lift(x),
      numbers: { r: x, s },
      message: "small r and s",
    }),
  );
}

function inverseCases(): SignatureCase[] {
  const point = times(secretOf("modular inverse"), G);
  const r = mod(xOf(point), N);
  const small = lift(nextX(1n));
  return EDGES.flatMap(([name, edge]) => {
    const inverse = invert(edge, N);
    const s = isLow(inverse) ? inverse : N - inverse;
    const sign = isLow(inverse) ? "" : "-";
    const shared = { flags: ["ModularInverse", "ArithmeticError"], message: "modular inverse" };
    return [
      recoveredCase({ comment: `s = ${name}`, ...shared, point, numbers: { r, s: edge } }),
      recoveredCase({ comment: `1 / s = ${sign}(${name})`, ...shared, point, numbers: { r, s } }),
      recoveredCase({ comment: `r = 1, 1 / s = ${sign}(${name})`, ...shared, point: small, numbers: { r: 1n, s } }),
    ];
  });
}

function u1Cases(): SignatureCase[] {
  const point = times(secretOf("edge u1"), G);
  const r = mod(xOf(point), N);
  const flags = ["ArithmeticError"];
  return withNegatives().map(([name, u1]) => {
    const message = messageThat(`u1 = ${name}`, (text) => isLow(over(hashNumber(text), u1)));
    const numbers = { r, s: over(hashNumber(message), u1) };
    return recoveredCase({ comment: `u1 = ${name}`, flags, point, numbers, message });
  });
}

function u2Cases(): SignatureCase[] {
  const flags = ["ArithmeticError"];
  return withNegatives().map(([name, u2]) => {
    const { point, r } = pointThat(`u2 = ${name}`, (r) => isLow(over(r, u2)));
    const numbers = { r, s: over(r, u2) };
    return recoveredCase({ comment: `u2 = ${name}`, flags, point, numbers, message: "edge u2" });
  });
}

function withNegatives(): [string, bigint][] {
  return EDGES.flatMap(([name, edge]) => [
    [name, edge],
    [`n - (${name})`, N - edge],
  ]);
}

/** The first of a row of points whose r `suits`. */
function pointThat(label: string, suits: (r: bigint) => boolean): { point: Point; r: bigint } {
  for (let i = 0; ; i++) {
    const point = times(secretOf(`${label} #${i}`), G);
    const r = mod(xOf(point), N);
    if (suits(r)) return { point, r };
  }
}

function extremeKCases(): SignatureCase[] {
  const ks: [string, bigint][] = [
    ["1", 1n],
    ["2", 2n],
    ["3", 3n],
    ["n - 1", N - 1n],
    ["n - 2", N - 2n],
    ["(n - 1) / 2", (N - 1n) / 2n],
    ["(n + 1) / 2", (N + 1n) / 2n],
    ["2^128", 2n ** 128n],
    ["2^255", 2n ** 255n],
  ];
  const ss = EDGES.filter(([name]) => ["1", "2^128", "n / 3", "(n - 1) / 2", "5555…"].includes(name));
  return ks.flatMap(([kName, k]) => {
    const point = times(k, G);
    const r = mod(xOf(point), N);
    const flags = ["ArithmeticError"];
    return ss.map(([sName, s]) =>
      recoveredCase({ comment: `k = ${kName}, s = ${sName}`, flags, point, numbers: { r, s }, message: "extreme k" }),
    );
  });
}

/** x between n and p: r is x - n, and only there does "r + n" count as well. */
function edgeXCases(): SignatureCase[] {
  const flags = ["ArithmeticError", "ValidSignature"];
  const wrong = { flags: ["ArithmeticError", "RangeCheck"], message: "x of n and above" };
  const s = secretOf("edge x") >> 2n;
  const aboveN = nextX(N + 1n); // x = n is on the curve too, but would make r = 0
  const belowN = nextX(N - 1n, -1n);
  const belowP = nextX(P - 1n, -1n);
  const right: [string, bigint][] = [
    ["x is the first above n", aboveN],
    ["x is the second above n", nextX(aboveN + 1n)],
    ["x is the last below n", belowN],
    ["x is the last below p", belowP],
    ["x is 1", 1n],
  ];
  const at = (x: bigint, r: bigint) => ({ point: lift(x), numbers: { r, s } });
  return [
    ...right.map(([comment, x]) => recoveredCase({ comment, flags, message: wrong.message, ...at(x, x % N) })),
    wrongRCase({ comment: "x is the first above n, r not reduced", ...wrong, ...at(aboveN, aboveN) }),
    wrongRCase({ comment: "x is the last below p, r not reduced", ...wrong, ...at(belowP, belowP) }),
    wrongRCase({ comment: "x is the first above n, r one too high", ...wrong, ...at(aboveN, aboveN - N + 1n) }),
    wrongRCase({ comment: "x is the last below n, r one too low", ...wrong, ...at(belowN, belowN - 1n) }),
    wrongRCase({ comment: "x = 1, r = 2", ...wrong, ...at(1n, 2n) }),
    wrongRCase({ comment: "x = 1, r = 1 + n", ...wrong, ...at(1n, 1n + N) }),
    wrongRCase({ comment: "x = 1, r = p - n + 1: r + n is x modulo p", ...wrong, ...at(1n, P - N + 1n) }),
    wrongRCase({
      comment: "x = 1, r = 2^256 - n + 1: r + n is x modulo 2^256",
      ...wrong,
      ...at(1n, 2n ** 256n - N + 1n),
    }),
    ...[0n, N].map((zero) =>
      numbersCase({
        comment: `s = ${zero === 0n ? "0" : "n"}`,
        ...wrong,
        key: G,
        numbers: { r: 1n, s: zero },
        valid: false,
      }),
    ),
  ];
}
