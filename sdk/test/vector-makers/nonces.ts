import type { NonceFields, NonceVectors } from "../read-vectors.ts";
import { publicKeyOf, secretOf, sha256, sign, wire } from "./ecdsa.ts";
import { G, hex, times, uncompressed } from "./secp256k1.ts";

const bob = publicKeyOf(secretOf("bob"));
const mallory = publicKeyOf(secretOf("mallory"));
const fields: NonceFields = {
  circle: bob,
  host: "localhost:8090",
  expires_at: 1_800_000_060,
  random: sha256("random"),
};

export function nonceVectors(): NonceVectors {
  return { valid: validNonces(), invalid: invalidNonces(), checks: checks() };
}

function textOf({ circle, host, expires_at, random }: Record<keyof NonceFields, string | number>): string {
  return `circles-login/1\ncircle:${circle}\nhost:${host}\nexpires:${expires_at}\nrandom:${random}\n`;
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** Each with the login of alice: ECDSA over the SHA-256 of the base64 text itself. */
function validNonces(): NonceVectors["valid"] {
  const variants: [string, Partial<NonceFields>][] = [
    ["a loopback name with a port", {}],
    ["IPv4 loopback", { host: "127.0.0.1:8090" }],
    ["IPv6 loopback", { host: "[::1]:8090" }],
    ["a name without a port", { host: "circles.example" }],
    ["a name with a port", { host: "relay-7.circles.example:8443" }],
    ["a host of one character", { host: "a" }],
    ["a host of 255 characters", { host: `${"a".repeat(250)}:8090` }],
    ["alice's own circle", { circle: publicKeyOf(secretOf("alice")) }],
    ["the least expiry", { expires_at: 1 }],
    ["the greatest expiry", { expires_at: 999_999_999_999_999 }],
    ["random bytes of zero", { random: hex(0n) }],
  ];
  const alice = secretOf("alice");
  return variants.map(([comment, change]) => {
    const changed = { ...fields, ...change };
    const text = textOf(changed);
    const nonce = base64(text);
    return { comment, fields: changed, text, nonce, secret_key: hex(alice), signature: wire(sign(alice, nonce)) };
  });
}

function invalidNonces(): NonceVectors["invalid"] {
  const text = textOf(fields);
  const nonce = base64(text);
  const padded = base64(textOf({ ...fields, host: "localhost:80900" }));
  const texts: Record<string, string> = {
    "another version": text.replace("login/1", "login/2"),
    "another purpose": text.replace("circles-login/1", "circles-play/1"),
    "no purpose": text.slice(text.indexOf("\n") + 1),
    "an empty line in front": `\n${text}`,
    "a byte order mark": `\ufeff${text}`,
    "no last line end": text.slice(0, -1),
    "two last line ends": `${text}\n`,
    "line ends of two characters": text.replaceAll("\n", "\r\n"),
    "a sixth line": `${text}note:hello\n`,
    "the circle left out": text.replace(/circle:.*\n/, ""),
    "the host left out": text.replace(/host:.*\n/, ""),
    "the expiry left out": text.replace(/expires:.*\n/, ""),
    "the random bytes left out": text.replace(/random:.*\n/, ""),
    "two circles": text.replace("host:", `circle:${mallory}\nhost:`),
    "lines in another order": text.replace(/(circle:.*\n)(host:.*\n)/, "$2$1"),
    "a space after a colon": text.replace("host:", "host: "),
    "a name in capitals": text.replace("host:", "Host:"),
    "a NUL behind": `${text}\u0000`,
  };
  const changes: Record<string, Partial<Record<keyof NonceFields, string | number>>> = {
    "a circle in capitals": { circle: bob.toUpperCase() },
    "a circle with 0x": { circle: `0x${bob}` },
    "a circle uncompressed": { circle: uncompressed(times(secretOf("bob"), G)) },
    "a circle one character short": { circle: bob.slice(0, -1) },
    "an empty host": { host: "" },
    "a host in capitals": { host: "LOCALHOST:8090" },
    "a host with a path": { host: "localhost:8090/path" },
    "a host with a scheme": { host: "ws://localhost:8090" },
    "a host with a name before it": { host: "alice@localhost:8090" },
    "a host with a space": { host: "localhost 8090" },
    "a host outside ASCII": { host: "ü.example" },
    "a host of 256 characters": { host: "a".repeat(256) },
    "a host of two lines": { host: "localhost\nhost:localhost" },
    "an expiry of 0": { expires_at: 0 },
    "an expiry below 0": { expires_at: -1 },
    "an expiry with a zero in front": { expires_at: "01800000060" },
    "an expiry with a sign": { expires_at: "+1800000060" },
    "an expiry with a fraction": { expires_at: "1800000060.5" },
    "an expiry with an exponent": { expires_at: "1.8e9" },
    "an expiry in hex": { expires_at: "0x6b49d23c" },
    "an expiry of 16 digits": { expires_at: "1800000060000000" },
    "an empty expiry": { expires_at: "" },
    "31 random bytes": { random: fields.random.slice(2) },
    "33 random bytes": { random: `${fields.random}00` },
    "random bytes in capitals": { random: "AB".repeat(32) },
    "random bytes in base64": { random: Buffer.from(fields.random, "hex").toString("base64") },
  };
  const encodings: Record<string, string> = {
    "an empty text": "",
    "the text itself, not encoded": text,
    hex: Buffer.from(text).toString("hex"),
    "without its padding": padded.replace(/=+$/, ""),
    "with more padding": `${nonce}====`,
    base64url: Buffer.from(`${text}>>>???`).toString("base64url"),
    "a line end behind": `${nonce}\n`,
    "a space in front": ` ${nonce}`,
    "broken into lines": nonce.replace(/.{64}/g, "$&\n"),
    "bits after the end that are not zero": withLooseBits(padded),
    "encoded twice": base64(nonce),
    "random bytes, as other relays send": Buffer.from(sha256("other relays"), "hex").toString("base64"),
    "base64 of text that is not UTF-8": Buffer.from(`${text}\u00ff`, "latin1").toString("base64"),
    "1025 characters": "A".repeat(1025),
  };
  return Object.entries({
    ...encodings,
    ...Object.fromEntries(Object.entries(texts).map(([comment, given]) => [comment, base64(given)])),
    ...Object.fromEntries(
      Object.entries(changes).map(([comment, change]) => [comment, base64(textOf({ ...fields, ...change }))]),
    ),
  }).map(([comment, given]) => ({ comment, nonce: given }));
}

/** The last character before the padding holds bits that no byte uses: RFC 4648 §3.5 lets decoders refuse others than zero. */
function withLooseBits(padded: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const at = padded.indexOf("=") - 1;
  if (at < 0) throw new Error("nonce: expected one that needs padding");
  const next = alphabet[alphabet.indexOf(padded.charAt(at)) + 1] ?? "";
  return padded.slice(0, at) + next + padded.slice(at + 1);
}

/** What a client that knows where it dialled makes of a nonce, `now` by its own clock. */
function checks(): NonceVectors["checks"] {
  const now = fields.expires_at - 60;
  const dialled = { circle: bob, host: fields.host, now };
  const nonce = base64(textOf(fields));
  const accepted: [string, number][] = [
    ["both clocks agree", 0],
    ["the relay's clock is 1 s ahead", 1],
    ["the relay's clock is 300 s ahead", 300],
    ["the relay's clock is 300 s behind", -300],
  ];
  const refused: [string, object][] = [
    ["another circle", { circle: mallory }],
    ["another host", { host: "evil.example:8090" }],
    ["another port", { host: "localhost:8091" }],
    ["another loopback name", { host: "127.0.0.1:8090" }],
    ["no port", { host: "localhost" }],
    ["the relay's clock is 301 s ahead, or the nonce lives too long", { now: now - 301 }],
    ["the relay's clock is 301 s behind, or the nonce is old", { now: now + 301 }],
  ];
  return [
    ...accepted.map(([comment, offset]) => {
      return { comment, nonce, dialled: { ...dialled, now: now - offset }, accepted: true, clock_offset_s: offset };
    }),
    ...refused.map(([comment, change]) => {
      return { comment, nonce, dialled: { ...dialled, ...change }, accepted: false, clock_offset_s: null };
    }),
  ];
}
