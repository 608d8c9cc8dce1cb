import type { SignatureCase } from "../read-vectors.ts";
import { keyFor, type Numbers, secretOf, sign, xOf } from "./ecdsa.ts";
import { compressed, G, hex, lift, N, nextX, times } from "./secp256k1.ts";
import { malformedCase, messageThat } from "./signature-case.ts";

/**
 * Signatures as ASN.1 (X.690) and its misshapen kin. The wire has r‖s; whoever reads these as anything but a refusal has a
 * second, looser reader somewhere. `r` and `s` are encoded right unless the comment says otherwise.
 */
export function derCases(): SignatureCase[] {
  const secret = secretOf("der");
  const message = messageThat("r needs a leading zero in DER", (text) => sign(secret, text).r >= 2n ** 255n);
  const public_key = compressed(times(secret, G));
  const shapes = shapesOf(sign(secret, message));
  const cases = shapes.map(({ flag, comment, bytes }) =>
    malformedCase({ comment: `DER: ${comment}`, flags: [flag], public_key, message, signature: bytes }),
  );
  return [...cases, ...wrongTypeCases(public_key, message), derOf64Bytes()];
}

/** Tag, length, value; definite, shortest form (X.690 §10.1). */
function tlv(tag: string, value: string): string {
  return tag + lengthOf(value.length / 2) + value;
}

function lengthOf(bytes: number): string {
  if (bytes < 0x80) return hex(BigInt(bytes), 1);
  const digits = hex(BigInt(bytes), 1);
  return hex(BigInt(0x80 + digits.length / 2), 1) + digits;
}

/** The value of an INTEGER, two's complement in as few bytes as it needs. */
function integerValue(value: bigint): string {
  for (let bytes = 1; ; bytes++) {
    const half = 2n ** BigInt(8 * bytes - 1);
    if (value >= -half && value < half) return hex(value < 0n ? value + 2n * half : value, bytes);
  }
}

function integer(value: bigint): string {
  return tlv("02", integerValue(value));
}

type Shape = { flag: string; comment: string; bytes: string };

function shapesOf({ r, s }: Numbers): Shape[] {
  const sequence = (...elements: string[]) => tlv("30", elements.join(""));
  const good = sequence(integer(r), integer(s));
  const places: [string, string, (element: string) => string][] = [
    ["the sequence", good, (element) => element],
    ["r", integer(r), (element) => sequence(element, integer(s))],
    ["s", integer(s), (element) => sequence(integer(r), element)],
  ];
  return [
    { flag: "DerSignature", comment: "strict, in place of r‖s", bytes: good },
    { flag: "DerSignature", comment: "strict, a sighash byte behind", bytes: `${good}01` },
    { flag: "MissingZero", comment: "r without its leading zero", bytes: sequence(tlv("02", hex(r)), integer(s)) },
    {
      flag: "MissingZero",
      comment: "n - s without its leading zero",
      bytes: sequence(integer(r), tlv("02", hex(N - s))),
    },
    {
      flag: "MissingZero",
      comment: "r and n - s without leading zeros",
      bytes: sequence(tlv("02", hex(r)), tlv("02", hex(N - s))),
    },
    ...places.flatMap(([name, element, put]) =>
      misshapen(element).map(({ flag, comment, bytes }) => ({
        flag,
        comment: `${name} ${comment}`,
        bytes: put(bytes),
      })),
    ),
    ...rearranged(integer(r), integer(s), sequence),
    ...otherNumbers({ r, s }, sequence),
  ];
}

/** One element, damaged in every way that readers were once found to forgive. */
function misshapen(element: string): Shape[] {
  const tag = element.slice(0, 2);
  const value = element.slice(4);
  const bytes = value.length / 2;
  const ber = (comment: string, text: string) => ({ flag: "BerEncodedSignature", comment, bytes: text });
  const broken = (comment: string, text: string) => ({ flag: "InvalidEncoding", comment, bytes: text });
  const changed = (comment: string, text: string) => ({ flag: "ModifiedSignature", comment, bytes: text });
  return [
    ber("with its length in long form", `${tag}81${hex(BigInt(bytes), 1)}${value}`),
    ber("with a zero before its length", `${tag}82${hex(BigInt(bytes), 2)}${value}`),
    ber("of indefinite length", `${tag}80${value}0000`),
    broken("of indefinite length, not ended", `${tag}80${value}`),
    broken("with a length one too high", `${tag}${lengthOf(bytes + 1)}${value}`),
    broken("with a length one too low", `${tag}${lengthOf(bytes - 1)}${value}`),
    broken("with length 0", `${tag}00${value}`),
    broken("with length 2^31 - 1", `${tag}847fffffff${value}`),
    broken("with length 2^32 - 1", `${tag}84ffffffff${value}`),
    broken("with a length that overflows 32 bits", `${tag}8501${hex(BigInt(bytes), 4)}${value}`),
    broken("with length 2^64 - 1", `${tag}88ffffffffffffffff${value}`),
    broken("with a length that overflows 64 bits", `${tag}8901${hex(BigInt(bytes), 8)}${value}`),
    broken("with a length of 127 bytes", `${tag}ff${value}`),
    broken("with half its length", `${tag}82`),
    broken("as a lonely tag", tag),
    broken("left out", ""),
    broken("cut by one byte", element.slice(0, -2)),
    broken("without its first byte", element.slice(2)),
    broken("with garbage behind", `${element}deadbeef`),
    broken("with garbage in front", `deadbeef${element}`),
    broken("with unused zeros behind", `${element}0000`),
    broken("as a constructed string of itself", tlv("22", element)),
    ...["00", "01", "03", "04", "10", "13", "31", "a0", "ff"].map((other) =>
      broken(`with tag ${other}`, other + element.slice(2)),
    ),
    changed("empty", tlv(tag, "")),
    changed("replaced by NULL", "0500"),
    changed("with zeros appended to its value", tlv(tag, `${value}0000`)),
    changed("with zeros put before its value", tlv(tag, `0000${value}`)),
    changed("with NULL appended to its value", tlv(tag, `${value}0500`)),
    changed("with its first byte changed", tlv(tag, flipped(value, 0))),
    changed("with its last byte changed", tlv(tag, flipped(value, value.length - 2))),
    changed("without the last byte of its value", tlv(tag, value.slice(0, -2))),
    changed("without the first byte of its value", tlv(tag, value.slice(2))),
    changed("of 4000 bytes", tlv(tag, value + "00".repeat(4000))),
  ];
}

function flipped(value: string, at: number): string {
  return value.slice(0, at) + hex(BigInt(`0x${value.slice(at, at + 2)}`) ^ 1n, 1) + value.slice(at + 2);
}

function rearranged(r: string, s: string, sequence: (...elements: string[]) => string): Shape[] {
  const shapes = {
    "r alone": sequence(r),
    "s alone": sequence(s),
    "an empty sequence": sequence(),
    "r twice": sequence(r, r),
    "r, s and s": sequence(r, s, s),
    "r, s and zero": sequence(r, s, integer(0n)),
    "r, s and NULL": sequence(r, s, "0500"),
    "r, s and a private tag": sequence(r, s, "c000"),
    "r, s and a high tag number": sequence(r, s, "bf7f00"),
    "r, s and a NULL with explicit tag": sequence(r, s, "a0020500"),
    "r, s and an empty sequence": sequence(r, s, sequence()),
    "an empty sequence, r and s": sequence(sequence(), r, s),
    "s and r": sequence(s, r),
    "a sequence of the sequence": sequence(sequence(r, s)),
    "a set": tlv("31", r + s),
    "the algorithm and a bit string": sequence(
      sequence(tlv("06", "2a8648ce3d040302")),
      tlv("03", `00${sequence(r, s)}`),
    ),
    "r and s with no sequence around": r + s,
    "r‖s as an octet string": tlv("04", r.slice(-64) + s.slice(-64)),
  };
  return Object.entries(shapes).map(([comment, bytes]) => ({ flag: "ModifiedSignature", comment, bytes }));
}

/** Right encodings of numbers that are not r and s but become them in a careless reduction. */
function otherNumbers({ r, s }: Numbers, sequence: (...elements: string[]) => string): Shape[] {
  const changes: [string, string, (value: bigint) => bigint][] = [
    ["RangeCheck", "+ n", (value) => value + N],
    ["RangeCheck", "- n", (value) => value - N],
    ["RangeCheck", "+ 256 n", (value) => value + 256n * N],
    ["ModifiedInteger", "negated", (value) => -value],
    ["ModifiedInteger", "subtracted from n", (value) => N - value],
    ["ModifiedInteger", "subtracted from -n", (value) => -N - value],
    ["IntegerOverflow", "+ 2^256", (value) => value + 2n ** 256n],
    ["IntegerOverflow", "- 2^256", (value) => value - 2n ** 256n],
    ["IntegerOverflow", "+ 2^320", (value) => value + 2n ** 320n],
    ["InvalidSignature", "replaced by 0", () => 0n],
    ["InvalidSignature", "replaced by -1", () => -1n],
    ["InvalidSignature", "replaced by n", () => N],
  ];
  return changes.flatMap(([flag, how, change]) => [
    { flag, comment: `r ${how}`, bytes: sequence(integer(change(r)), integer(s)) },
    { flag, comment: `s ${how}`, bytes: sequence(integer(r), integer(change(s))) },
  ]);
}

/** Other ASN.1 types, and other JSON values, where a number belongs. */
function wrongTypeCases(public_key: string, message: string): SignatureCase[] {
  const shared = { flags: ["InvalidTypesInSignature"], public_key, message };
  const elements = {
    "0": integer(0n),
    "1": integer(1n),
    "-1": integer(-1n),
    n: integer(N),
    "0.25": "090380fe01",
    "not a number": "090142",
    infinity: "090140",
    true: "0101ff",
    false: "010100",
    null: "0500",
    "an empty text": "0c00",
    'the text "0"': "0c0130",
    "an empty bit string": "0300",
    "an enumerated 1": "0a0101",
    "an empty list": "3000",
    "a list of 0": "3003020100",
  };
  const numbers = ["0", "1", "n"];
  const pairs = Object.entries(elements).flatMap(([rName, r]) =>
    Object.entries(elements)
      .filter(([sName]) => rName === sName || numbers.includes(rName) || numbers.includes(sName))
      .map(([sName, s]) =>
        malformedCase({ comment: `DER: r is ${rName}, s is ${sName}`, ...shared, signature: tlv("30", r + s) }),
      ),
  );
  const texts = [
    "null",
    "true",
    "false",
    "0",
    "0.25",
    "NaN",
    "Infinity",
    "-1",
    "[]",
    "{}",
    '""',
    "undefined",
    "[object Object]",
  ];
  const literals = texts.map((text) => malformedCase({ comment: `the text ${text}`, ...shared, signature: text }));
  return [...pairs, ...literals];
}

/** DER that is exactly as long as r‖s: only its bytes tell them apart, and read as r‖s it is no signature. */
function derOf64Bytes(): SignatureCase {
  const message = "DER of 64 bytes";
  const point = lift(nextX(2n ** 200n));
  const numbers = { r: xOf(point), s: secretOf("DER of 64 bytes") >> 3n };
  const signature = tlv("30", integer(numbers.r) + integer(numbers.s));
  if (signature.length !== 128) throw new Error(`DER: expected 64 bytes, got ${signature.length / 2}`);
  const public_key = compressed(keyFor(point, numbers, message));
  const comment = "DER: strict, as long as r‖s";
  return malformedCase({ comment, flags: ["DerSignature"], public_key, message, signature });
}
