import type { KeyVectors } from "../read-vectors.ts";
import { publicKeyOf, secretOf } from "./ecdsa.ts";
import { compressed, G, hex, lift, N, negate, nextXOffCurve, P, times, uncompressed } from "./secp256k1.ts";

const alice = secretOf("alice");
const key = times(alice, G);
const short = compressed(key);
const long = uncompressed(key);

export function keyVectors(): KeyVectors {
  return {
    pairs: pairs(),
    accepted_public_keys: acceptedPublicKeys(),
    refused_public_keys: Object.entries(refusedPublicKeys()).map(([comment, given]) => ({ comment, given })),
    accepted_secret_keys: acceptedSecretKeys(),
    refused_secret_keys: Object.entries(refusedSecretKeys()).map(([comment, given]) => ({ comment, given })),
  };
}

function pairs(): KeyVectors["pairs"] {
  const secrets: [string, bigint][] = [
    ["alice", alice],
    ["bob", secretOf("bob")],
    ["mallory", secretOf("mallory")],
    ["device", secretOf("device")],
    ["1, the generator", 1n],
    ["2", 2n],
    ["3", 3n],
    ["n - 1, the negated generator", N - 1n],
    ["n - 2", N - 2n],
    ["(n + 1) / 2, an x of 166 bits", (N + 1n) / 2n],
    ["2^128", 2n ** 128n],
    ["2^255", 2n ** 255n],
    ["31 bytes of zeros and ff", 255n],
  ];
  return secrets.map(([comment, secret]) => {
    const point = times(secret, G);
    return { comment, secret_key: hex(secret), public_key: compressed(point), uncompressed: uncompressed(point) };
  });
}

function acceptedPublicKeys(): KeyVectors["accepted_public_keys"] {
  const other = negate(key);
  const forms: [string, string, string][] = [
    ["compressed, as used inside", short, short],
    ["compressed, in capitals", short.toUpperCase(), short],
    ["compressed, 0x in front", `0x${short}`, short],
    ["compressed, 0X in front, in capitals", `0X${short.toUpperCase()}`, short],
    ["compressed, the other y", compressed(other), compressed(other)],
    ["uncompressed", long, short],
    ["uncompressed, in capitals", long.toUpperCase(), short],
    ["uncompressed, 0x in front", `0x${long}`, short],
    ["uncompressed, the other y", uncompressed(other), compressed(other)],
    ["uncompressed, the generator", uncompressed(G), compressed(G)],
  ];
  return forms.map(([comment, given, public_key]) => ({ comment, given, public_key }));
}

function refusedPublicKeys(): Record<string, string> {
  const x = long.slice(2, 66);
  const y = long.slice(66);
  return {
    "an empty text": "",
    "0x alone": "0x",
    "the point at infinity": "00",
    "zeros, compressed": `02${"0".repeat(64)}`,
    "zeros, uncompressed": `04${"0".repeat(128)}`,
    "x without its first byte": x,
    "first byte 00": `00${x}`,
    "first byte 01": `01${x}`,
    "first byte 05": `05${x}`,
    "first byte 04, compressed length": `04${x}`,
    "first byte 02, uncompressed length": `02${x}${y}`,
    "hybrid, even y": `06${x}${y}`,
    "hybrid, odd y": `07${x}${y}`,
    "uncompressed without its first byte": x + y,
    "x not on the curve": `02${hex(nextXOffCurve(alice))}`,
    "x = 5, not on the curve": `03${hex(nextXOffCurve(5n))}`,
    "x = p": `02${hex(P)}`,
    "x = p + 1, which is 1 on the curve": `02${hex(P + 1n)}`,
    "x = 2^256 - 1": `02${"f".repeat(64)}`,
    "uncompressed, y one too high": `04${x}${hex(BigInt(`0x${y}`) + 1n)}`,
    "uncompressed, x and y exchanged": `04${y}${x}`,
    "uncompressed, y = 0": `04${x}${hex(0n)}`,
    "uncompressed, x = p + 1, which is 1 on the curve": `04${hex(P + 1n)}${uncompressed(lift(1n)).slice(66)}`,
    "one character too few": short.slice(0, -1),
    "one byte too few": short.slice(0, -2),
    "one byte too many": `${short}00`,
    "a space in front": ` ${short}`,
    "a space behind": `${short} `,
    "a line end behind": `${short}\n`,
    "a letter that is not hex": `${short.slice(0, -1)}g`,
    "0x twice": `0x0x${short}`,
    "0x inside": `02${short.slice(2, 10)}0x${short.slice(12)}`,
    "fullwidth digits": short.replace(/[0-9]/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    base64: Buffer.from(short, "hex").toString("base64"),
    "a secret key": hex(secretOf("not to be shown")),
    "10000 characters": "02".repeat(5000),
  };
}

function acceptedSecretKeys(): KeyVectors["accepted_secret_keys"] {
  const secret = hex(alice);
  const forms: [string, string, string][] = [
    ["lowercase hex", secret, short],
    ["in capitals", secret.toUpperCase(), short],
    ["0x in front", `0x${secret}`, short],
    ["0X in front, in capitals", `0X${secret.toUpperCase()}`, short],
    ["the lowest", hex(1n), publicKeyOf(1n)],
    ["the highest", hex(N - 1n), publicKeyOf(N - 1n)],
  ];
  return forms.map(([comment, given, public_key]) => ({ comment, given, public_key }));
}

function refusedSecretKeys(): Record<string, string> {
  const secret = hex(alice);
  return {
    zero: hex(0n),
    "n, the order of the curve": hex(N),
    "n + 1": hex(N + 1n),
    "2^256 - 1": "f".repeat(64),
    "an empty text": "",
    "0x alone": "0x",
    "one character too few": secret.slice(1),
    "one byte too few": secret.slice(2),
    "one byte too many": `${secret}00`,
    "33 bytes with a zero in front": `00${secret}`,
    "a letter that is not hex": `${secret.slice(0, -1)}g`,
    "a space behind": `${secret} `,
    "a line end behind": `${secret}\n`,
    "0x twice": `0x0x${secret}`,
    base64: Buffer.from(secret, "hex").toString("base64"),
    "a public key": short,
    "a number in decimal": "1",
    words: "abandon abandon ability",
  };
}
