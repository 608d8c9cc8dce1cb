import type { DelegationVectors, TravellingDelegation } from "../read-vectors.ts";
import { hashNumber, publicKeyOf, secretOf, sha256, signHash, wire } from "./ecdsa.ts";
import { keccak256 } from "./keccak.ts";
import { G, hex, N, times, uncompressed } from "./secp256k1.ts";

const alice = publicKeyOf(secretOf("alice"));
const bob = publicKeyOf(secretOf("bob"));
const mallory = publicKeyOf(secretOf("mallory"));
const device = publicKeyOf(secretOf("device"));

const NOW = 1_800_000_000;
const DAY = 86_400;

type Unsigned = Omit<TravellingDelegation, "signature">;
const plain: Unsigned = { root: alice, device, circles: [bob], not_before: NOW, expires_at: NOW + DAY };
const wallet: Unsigned = { ...plain, scheme: "eip191" };

export function delegationVectors(): DelegationVectors {
  return { addresses: addresses(), signed: signedOnes(), wrong: wrongOnes(), checks: checks(), answers: answers() };
}

function textOf(fields: Unsigned): string {
  if (fields.scheme === undefined) return keyText(fields);
  const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+/, "");
  return [
    "Circles: let a device act as me",
    "",
    "If you sign this, whoever holds the device key below can log in to the circles below and do there whatever you " +
      "can, as you and without asking you again, until the time below. Sign it only on a page that you trust with that.",
    "",
    `Account: ${addressOf(fields.root)}`,
    `Device key: ${fields.device}`,
    `Circles: ${fields.circles === "*" ? "every circle" : fields.circles.join(", ")}`,
    `From: ${time(fields.not_before)}`,
    `Until: ${time(fields.expires_at)}`,
    "Form: circles-wallet-delegation/1",
    "",
  ].join("\n");
}

function keyText({ root, circles, not_before, expires_at, ...fields }: Unsigned): string {
  return [
    "circles-delegation/1",
    `root:${root}`,
    `device:${fields.device}`,
    `circles:${circles === "*" ? "*" : circles.join(",")}`,
    `not_before:${not_before}`,
    `expires:${expires_at}`,
    "",
  ].join("\n");
}

function hashOf(text: string, scheme: Unsigned["scheme"]): string {
  if (scheme === undefined) return sha256(text);
  const bytes = Buffer.from(text, "utf8");
  return keccak256(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes]));
}

function signText(text: string, scheme: Unsigned["scheme"], signer = "alice") {
  return signHash(secretOf(signer), BigInt(`0x${hashOf(text, scheme)}`));
}

function signed(fields: Unsigned, signer = "alice"): TravellingDelegation {
  return { ...fields, signature: wire(signText(textOf(fields), fields.scheme, signer)) };
}

const NAMES = ["alice", "bob", "mallory", "device", "signer 1", "signer 2"];
const SECRETS = new Map(NAMES.map((name) => [publicKeyOf(secretOf(name)), secretOf(name)]));

function addressOf(publicKey: string): string {
  const secret = SECRETS.get(publicKey);
  if (secret === undefined) throw new Error("address: expected the key of somebody in these vectors");
  const point = Buffer.from(uncompressed(times(secret, G)).slice(2), "hex");
  const address = keccak256(point).slice(24);
  const capitals = keccak256(Buffer.from(address));
  return `0x${Array.from(address, (c, i) => (Number.parseInt(capitals.charAt(i), 16) >= 8 ? c.toUpperCase() : c)).join("")}`;
}

function addresses(): DelegationVectors["addresses"] {
  return NAMES.map((name) => {
    const public_key = publicKeyOf(secretOf(name));
    return { public_key, address: addressOf(public_key) };
  });
}

function signedOnes(): DelegationVectors["signed"] {
  const variants: [string, Partial<Unsigned>][] = [
    ["for one circle", {}],
    ["for two circles, in their order", { circles: [mallory, bob] }],
    ["for one circle twice", { circles: [bob, bob] }],
    ["for 100 circles", { circles: Array.from({ length: 100 }, (_, i) => [alice, bob, mallory][i % 3] ?? bob) }],
    ["for every circle", { circles: "*" }],
    ["for the greatest lifetime", { expires_at: NOW + 30 * DAY }],
    ["for one second", { expires_at: NOW + 1 }],
    ["from the beginning of time", { not_before: 0, expires_at: 1 }],
    ["on a leap day", { not_before: 1_835_395_200, expires_at: 1_835_481_599 }],
  ];
  const late: Unsigned = { ...wallet, not_before: 253_402_300_798, expires_at: 253_402_300_799 };
  return [plain, wallet].flatMap((base) => [
    ...variants.map(([comment, change]) => entry(comment, { ...base, ...change })),
    ...(base === wallet ? [entry("until the last second of the year 9999", late)] : []),
  ]);
}

function entry(comment: string, fields: Unsigned): DelegationVectors["signed"][number] {
  const text = textOf(fields);
  return {
    comment: `${fields.scheme === undefined ? "a key" : "a wallet"}, ${comment}`,
    delegation: signed(fields),
    text,
    sha256: sha256(text),
    signed_hash: hashOf(text, fields.scheme),
    secret_key: hex(secretOf("alice")),
  };
}

/** Delegations that must not count, whatever the time and the circle. */
function wrongOnes(): DelegationVectors["wrong"] {
  const both = [plain, wallet].flatMap((base) => {
    const right = signed(base);
    const s = BigInt(`0x${right.signature.slice(64)}`);
    const other = base === plain ? wallet : plain;
    const rows: [string, TravellingDelegation][] = [
      ["signed by the device", { ...signed(base, "device") }],
      ["signed by somebody else", { ...signed(base, "mallory") }],
      ["of another root", { ...right, root: mallory }],
      ["for another device", { ...right, device: mallory }],
      ["for another circle", { ...right, circles: [mallory] }],
      ["for one circle more", { ...right, circles: [bob, mallory] }],
      ["for every circle", { ...right, circles: "*" }],
      ["that begins earlier", { ...right, not_before: NOW - 1 }],
      ["that ends later", { ...right, expires_at: NOW + DAY + 1 }],
      ["with the high s", { ...right, signature: right.signature.slice(0, 64) + hex(N - s) }],
      ["with a recovery id", { ...right, signature: `${right.signature}1b` }],
      ["with zeros", { ...right, signature: "0".repeat(128) }],
      ["under the other scheme", { ...right, scheme: other.scheme }],
      ["under a scheme that there is not", { ...right, scheme: "eip712" }],
      ["for 101 circles", signed({ ...base, circles: Array.from({ length: 101 }, () => bob) })],
      ["for no circle", signed({ ...base, circles: [] })],
      ["for its own root", signed({ ...base, device: alice })],
      ["for more than 30 days", signed({ ...base, expires_at: NOW + 30 * DAY + 1 })],
      ["that ends when it begins", signed({ ...base, expires_at: NOW })],
    ];
    return rows.map(([comment, delegation]) => ({
      comment: `${base === wallet ? "a wallet's" : "a key's"}, ${comment}`,
      delegation: withoutUndefined(delegation),
    }));
  });
  const text = textOf(wallet);
  const over = (message: string, hash: (text: string) => string) =>
    wire(signHash(secretOf("alice"), BigInt(`0x${hash(message)}`)));
  const personal = (message: string) => hashOf(message, "eip191");
  const odd: Record<string, string> = {
    "over the SHA-256 of its text": over(text, sha256),
    "over the Keccak-256 of its text without what stands before": over(text, (given) => keccak256(Buffer.from(given))),
    "over the text of a key's delegation": over(textOf(plain), personal),
    "over its text without the last line end": over(text.slice(0, -1), personal),
    "over its text with line ends of two characters": over(text.replaceAll("\n", "\r\n"), personal),
    "over its text with the address in small letters": over(
      text.replace(addressOf(alice), addressOf(alice).toLowerCase()),
      personal,
    ),
    "over its text with the public key in the address's place": over(text.replace(addressOf(alice), alice), personal),
    "over its text with milliseconds": over(text.replaceAll("00Z", "00.000Z"), personal),
    "over another text": over("I am alice", personal),
  };
  return [
    ...both,
    ...Object.entries(odd).map(([comment, signature]) => ({
      comment: `a wallet's, ${comment}`,
      delegation: { ...wallet, signature },
    })),
    {
      comment: "a wallet's, until the year 10000",
      delegation: {
        ...wallet,
        not_before: 253_402_300_799,
        expires_at: 253_402_300_800,
        signature: signed(wallet).signature,
      },
    },
  ];
}

function withoutUndefined(delegation: TravellingDelegation): TravellingDelegation {
  return JSON.parse(JSON.stringify(delegation)) as TravellingDelegation;
}

function checks(): DelegationVectors["checks"] {
  const [one, all] = [signed(plain), signed({ ...plain, circles: "*" })];
  const rows: [TravellingDelegation, string, number, DelegationVectors["checks"][number]["fault"]][] = [
    [one, bob, NOW, null],
    [one, bob, NOW - 60, null],
    [one, bob, NOW - 61, "not-yet-valid"],
    [one, bob, NOW + DAY + 60, null],
    [one, bob, NOW + DAY + 61, "expired"],
    [one, mallory, NOW, "other-circle"],
    [one, alice, NOW, "other-circle"],
    [all, mallory, NOW, null],
    [all, alice, NOW + DAY + 61, "expired"],
  ];
  return rows.map(([delegation, circle, now, fault]) => ({ delegation, circle, now, fault }));
}

/** What wallets answer to `personal_sign`, and the signature that travels; `null` where there is none. */
function answers(): DelegationVectors["answers"] {
  const text = textOf(wallet);
  const address = addressOf(alice);
  const hash = hashNumberOf(text);
  const right = signHash(secretOf("alice"), hash);
  const v = right.isOdd ? 1 : 0;
  const signature = wire(right);
  const byte = (value: number) => hex(BigInt(value), 1);
  const high = hex(right.r) + hex(N - right.s);
  const packed = hex(right.r) + hex(right.s + (BigInt(v) << 255n));
  const rows: [string, string, string | null][] = [
    ["v of 27 or 28", signature + byte(27 + v), signature],
    ["v of 0 or 1", signature + byte(v), signature],
    ["the wrong v", signature + byte(28 - v), signature],
    ["the high s and its v", high + byte(28 - v), signature],
    ["64 bytes of EIP-2098", packed, signature],
    ["in capitals", (signature + byte(27 + v)).toUpperCase(), signature],
    ["of another account", wire(signHash(secretOf("mallory"), hash)) + byte(27), null],
    ["over another text", wire(signHash(secretOf("alice"), hashNumberOf(`${text} `))) + byte(27), null],
    ["over its SHA-256", wire(signHash(secretOf("alice"), hashNumber(text))) + byte(27), null],
    ["66 bytes", `${signature}${byte(27 + v)}00`, null],
    ["zeros", "0".repeat(130), null],
  ];
  return rows.map(([comment, given, travels]) => ({
    comment,
    text,
    address,
    answer: `0x${given}`,
    signature: travels,
  }));
}

function hashNumberOf(text: string): bigint {
  return BigInt(`0x${hashOf(text, "eip191")}`);
}
