import type { DelegationVectorFields, EnvelopeVectors, PlayVectorFields } from "../read-vectors.ts";
import { publicKeyOf, secretOf, sha256, sign, wire } from "./ecdsa.ts";
import { hex, N } from "./secp256k1.ts";

const alice = publicKeyOf(secretOf("alice"));
const bob = publicKeyOf(secretOf("bob"));
const mallory = publicKeyOf(secretOf("mallory"));
const device = publicKeyOf(secretOf("device"));

const NOW = 1_800_000_000;
const DAY = 86_400;
const play: PlayVectorFields = {
  circle: bob,
  caller: alice,
  task_id: "4XkT0mQ-hJ2_vWbZ8sNcRg",
  script: sha256("1 + 1"),
  args: sha256("null"),
  timeout_ms: null,
  issued_at: NOW,
  expires_at: NOW + 120,
  delegation: null,
};
const delegation: DelegationVectorFields = {
  root: alice,
  device,
  circles: [bob],
  not_before: NOW,
  expires_at: NOW + DAY,
};

export function envelopeVectors(): EnvelopeVectors {
  return {
    plays: plays(),
    invalid_plays: invalidPlays(),
    delegations: delegations(),
    invalid_delegations: invalidDelegations(),
    wrong_signatures: wrongSignatures(),
  };
}

function playText(fields: PlayVectorFields): string {
  return [
    "circles-play/1",
    `circle:${fields.circle}`,
    `caller:${fields.caller}`,
    `task:${fields.task_id}`,
    `script:${fields.script}`,
    `args:${fields.args}`,
    `timeout_ms:${fields.timeout_ms ?? "-"}`,
    `issued:${fields.issued_at}`,
    `expires:${fields.expires_at}`,
    `delegation:${fields.delegation ?? "-"}`,
    "",
  ].join("\n");
}

function delegationText(fields: DelegationVectorFields): string {
  return [
    "circles-delegation/1",
    `root:${fields.root}`,
    `device:${fields.device}`,
    `circles:${fields.circles === "*" ? "*" : fields.circles.join(",")}`,
    `not_before:${fields.not_before}`,
    `expires:${fields.expires_at}`,
    "",
  ].join("\n");
}

function signed(text: string, signer: string) {
  const secret = secretOf(signer);
  return {
    text,
    sha256: sha256(text),
    secret_key: hex(secret),
    public_key: publicKeyOf(secret),
    signature: wire(sign(secret, text)),
  };
}

function plays(): EnvelopeVectors["plays"] {
  const one = { script: "1 + 1", args: "null", canonical: "null", signer: "alice", change: {} };
  const variants: [string, Partial<Omit<typeof one, "change"> & { change: Partial<PlayVectorFields> }>][] = [
    ["a script alone: arguments left out are null", {}],
    ["arguments", { args: '{"name": "Alice"}', canonical: '{"name":"Alice"}' }],
    ["arguments in another order than the canonical one", { args: '{"b": 2, "a": 1e2}', canonical: '{"a":100,"b":2}' }],
    ["arguments outside ASCII", { args: '"\\u65e5\\u672c"', canonical: '"日本"' }],
    ["a script outside ASCII", { script: "print('Grüße 🗝️')\n" }],
    ["an empty script", { script: "" }],
    ["the least timeout", { change: { timeout_ms: 1 } }],
    ["the greatest timeout", { change: { timeout_ms: 600_000 } }],
    ["a task id of 16 characters", { change: { task_id: "0123456789-_abcZ" } }],
    ["a task id of 64 characters", { change: { task_id: "a".repeat(64) } }],
    ["the least lifetime", { change: { expires_at: NOW + 1 } }],
    ["the greatest lifetime", { change: { expires_at: NOW + DAY } }],
    ["issued at 0", { change: { issued_at: 0, expires_at: 1 } }],
    ["in the caller's own circle", { change: { circle: alice } }],
    ["signed by a device", { signer: "device", change: { delegation: sha256(delegationText(delegation)) } }],
  ];
  return variants.map(([comment, variant]) => {
    const { script, args, canonical, signer, change } = { ...one, ...variant };
    const fields = { ...play, script: sha256(script), args: sha256(canonical), ...change };
    return { comment, script, args, canonical_args: canonical, fields, ...signed(playText(fields), signer) };
  });
}

function delegations(): EnvelopeVectors["delegations"] {
  const variants: [string, Partial<DelegationVectorFields>][] = [
    ["for one circle", {}],
    ["for two circles, in their order", { circles: [mallory, bob] }],
    ["for every circle", { circles: "*" }],
    ["for the greatest lifetime", { expires_at: NOW + 30 * DAY }],
    ["for one second", { expires_at: NOW + 1 }],
  ];
  return variants.map(([comment, change]) => {
    const fields = { ...delegation, ...change };
    return { comment, fields, ...signed(delegationText(fields), "alice") };
  });
}

function invalidPlays(): EnvelopeVectors["invalid_plays"] {
  const changes: [string, Partial<PlayVectorFields>][] = [
    ["a circle in capitals", { circle: bob.toUpperCase() }],
    ["a circle with 0x", { circle: `0x${bob}` }],
    ["an empty circle", { circle: "" }],
    ["a circle of two lines", { circle: `${bob}\ncaller:${mallory}` }],
    ["a caller one character short", { caller: alice.slice(0, -1) }],
    ["a caller with a line end", { caller: `${alice}\n` }],
    ["a task id of 15 characters", { task_id: "a".repeat(15) }],
    ["a task id of 65 characters", { task_id: "a".repeat(65) }],
    ["a task id with a space", { task_id: "0123456789 abcdef" }],
    ["a task id with a line end", { task_id: "0123456789abcdef\n" }],
    ["a task id with a +", { task_id: "0123456789abcde+" }],
    ["a script in place of its hash", { script: "1 + 1" }],
    ["a hash of the script in capitals", { script: "AB".repeat(32) }],
    ["a hash of the script of 63 characters", { script: play.script.slice(1) }],
    ["arguments in place of their hash", { args: "null" }],
    ["an empty hash of the arguments", { args: "" }],
    ["a timeout of 0", { timeout_ms: 0 }],
    ["a timeout below 0", { timeout_ms: -1 }],
    ["a timeout above 10 minutes", { timeout_ms: 600_001 }],
    ["half a millisecond", { timeout_ms: 0.5 }],
    ["issued below 0", { issued_at: -1 }],
    ["issued at half a second", { issued_at: NOW + 0.5 }],
    ["issued above 2^53 - 1", { issued_at: 2 ** 53, expires_at: 2 ** 53 + 2 }],
    ["expired when issued", { expires_at: NOW }],
    ["expired before issued", { expires_at: NOW - 1 }],
    ["a lifetime above 24 h", { expires_at: NOW + DAY + 1 }],
    ["an expiry at half a second", { expires_at: NOW + 0.5 }],
    ["a delegation in place of its hash", { delegation: "circles-delegation/1" }],
    ["an empty delegation", { delegation: "" }],
    ["a delegation of -", { delegation: "-" }],
  ];
  return changes.map(([comment, change]) => ({ comment, fields: { ...play, ...change } }));
}

function invalidDelegations(): EnvelopeVectors["invalid_delegations"] {
  const changes: [string, Partial<DelegationVectorFields>][] = [
    ["a root in capitals", { root: alice.toUpperCase() }],
    ["an empty root", { root: "" }],
    ["a device with 0x", { device: `0x${device}` }],
    ["a device that is the root", { device: alice }],
    ["no circle", { circles: [] }],
    ["101 circles", { circles: Array.from({ length: 101 }, () => bob) }],
    ["a circle that is *", { circles: ["*"] }],
    ["two circles in one", { circles: [`${bob},${mallory}`] }],
    ["an empty circle", { circles: [bob, ""] }],
    ["good before 0", { not_before: -1 }],
    ["good from half a second", { not_before: NOW + 0.5 }],
    ["expired when it begins", { expires_at: NOW }],
    ["a lifetime above 30 days", { expires_at: NOW + 30 * DAY + 1 }],
  ];
  return changes.map(([comment, change]) => ({ comment, fields: { ...delegation, ...change } }));
}

/** Signatures that somebody did make, presented for `fields` and checked with `public_key`. */
function wrongSignatures(): EnvelopeVectors["wrong_signatures"] {
  const text = playText(play);
  const secret = secretOf("alice");
  const right = sign(secret, text);
  const over = (other: string) => wire(sign(secret, other));
  const signedChange = (change: Partial<PlayVectorFields>) => over(playText({ ...play, ...change }));
  const nonceText = `circles-login/1\ncircle:${bob}\nhost:localhost:8090\nexpires:${NOW + 60}\nrandom:${sha256("random")}\n`;
  const wrong: Record<string, string> = {
    "over a login nonce": over(Buffer.from(nonceText).toString("base64")),
    "over the text inside a login nonce": over(nonceText),
    "over a delegation": over(delegationText(delegation)),
    "over a play in another circle": signedChange({ circle: mallory }),
    "over a play of another caller": signedChange({ caller: mallory }),
    "over another task id": signedChange({ task_id: "4XkT0mQ-hJ2_vWbZ8sNcRG" }),
    "over another script": signedChange({ script: sha256("1 + 2") }),
    "over other arguments": signedChange({ args: sha256("{}") }),
    "over script and arguments exchanged": signedChange({ script: play.args, args: play.script }),
    "over a timeout, where the play names none": signedChange({ timeout_ms: 30_000 }),
    "over another issue time": signedChange({ issued_at: NOW + 1 }),
    "over a later expiry": signedChange({ expires_at: NOW + 121 }),
    "over a delegation's hash, where the play has none": signedChange({
      delegation: sha256(delegationText(delegation)),
    }),
    "over another version": over(text.replace("play/1", "play/2")),
    "over the text without its last line end": over(text.slice(0, -1)),
    "over the text with line ends of two characters": over(text.replaceAll("\n", "\r\n")),
    "over the hex of the text's hash": over(sha256(text)),
    "over the base64 of the text": over(Buffer.from(text).toString("base64")),
    "over the script alone": over("1 + 1"),
    "by another peer": wire(sign(secretOf("mallory"), text)),
    "by a device without a delegation": wire(sign(secretOf("device"), text)),
    "the right one with the high s": wire({ r: right.r, s: N - right.s }),
    "the right one with r and s exchanged": wire({ r: right.s, s: right.r }),
    zeros: "0".repeat(128),
  };
  return Object.entries(wrong).map(([comment, signature]) => ({ comment, fields: play, public_key: alice, signature }));
}
