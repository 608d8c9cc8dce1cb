import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { personalDigest, recoverPersonal } from "../src/keys/ethereum.ts";
import {
  canonicalPublicKey,
  checkNonce,
  delegate,
  ethereumAddress,
  keypairFrom,
  NonceRefused,
  sha256Hex,
  signedDelegationText,
  verifyDelegation,
  verifySignature,
} from "../src/keys/index.ts";
import { sign } from "../src/keys/plain-curve.ts";
import {
  canonicalJson,
  type DelegationFields,
  delegationFault,
  delegationText,
  makeLoginNonce,
  type Nonce,
  type PlayFields,
  type PublicKey,
  parseLoginNonce,
  playText,
  type Signature,
  type SignedDelegation,
} from "../src/protocol/index.ts";
import {
  type DelegationVectorFields,
  type PlayVectorFields,
  readVectors,
  type TravellingDelegation,
} from "./read-vectors.ts";
import { makeVectors } from "./vector-makers/all-vectors.ts";

/**
 * Every flag that the ECDSA tests of C2SP/wycheproof (commit dac1dd47) for secp256k1 with SHA-256 use, in DER, in IEEE P1363
 * and in their Bitcoin variant.
 */
const YARDSTICK = [
  "ArithmeticError",
  "BerEncodedSignature",
  "EdgeCasePublicKey",
  "EdgeCaseShamirMultiplication",
  "IntegerOverflow",
  "InvalidEncoding",
  "InvalidSignature",
  "InvalidTypesInSignature",
  "MissingZero",
  "ModifiedInteger",
  "ModifiedSignature",
  "ModularInverse",
  "PointDuplication",
  "RangeCheck",
  "SignatureMalleabilityBitcoin",
  "SignatureSize",
  "SmallRandS",
  "SpecialCaseHash",
  "ValidSignature",
];

/** Classes of our own: what the wire adds to ECDSA. */
const OURS = ["DerSignature", "InvalidPublicKey", "MessageText", "OtherKey", "WireForm"];

const signatures = readVectors("signatures");
const keys = readVectors("keys");
const nonces = readVectors("nonces");
const envelopes = readVectors("envelopes");
const delegations = readVectors("delegations");
const json = readVectors("canonical-json");

describe("the vectors themselves", () => {
  it("[V1] come out the same, byte by byte, when they are made again", () => {
    for (const [name, text] of makeVectors()) {
      expect(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), "utf8") === text, name).toBe(true);
    }
  });

  it("[V2] hold every class of signature case that the yardstick has, and no unknown one", () => {
    const flags = new Set(signatures.verify.flatMap((item) => item.flags));
    expect([...flags].toSorted()).toEqual([...YARDSTICK, ...OURS].toSorted());
  });

  it("[V2] hold each signature case once", () => {
    const cases = signatures.verify.map((item) => JSON.stringify([item.public_key, item.message, item.signature]));
    expect(cases.length - new Set(cases).size).toBe(0);
  });
});

describe("keys.json", () => {
  it.each(keys.pairs)("[K3] $comment", (pair) => {
    expect(keypairFrom(pair.secret_key).publicKey).toBe(pair.public_key);
    expect(canonicalPublicKey(pair.uncompressed)).toBe(pair.public_key);
  });

  it.each(keys.accepted_public_keys)("[K2] a public key given $comment is accepted", ({ given, public_key }) => {
    expect(canonicalPublicKey(given)).toBe(public_key);
  });

  it.each(keys.refused_public_keys)("[K2] a public key is refused: $comment", ({ given }) => {
    expect(() => canonicalPublicKey(given)).toThrow(TypeError);
  });

  it.each(keys.accepted_secret_keys)("[K3] a secret key given as $comment is accepted", ({ given, public_key }) => {
    expect(keypairFrom(given).publicKey).toBe(public_key);
  });

  it.each(keys.refused_secret_keys)("[K3] a secret key is refused: $comment", ({ given }) => {
    expect(() => keypairFrom(given)).toThrow(/^secret key: expected/);
  });
});

describe("signatures.json", () => {
  it.each(signatures.sign)("[K6] signing by RFC 6979: $comment", ({ secret_key, message, signature }) => {
    const bytes = sign(Buffer.from(message, "utf8"), Buffer.from(secret_key, "hex"));
    expect(Buffer.from(bytes).toString("hex")).toBe(signature);
  });

  it("[K5] every case is valid or not as its file says", () => {
    const wrong = signatures.verify.filter(({ signature, message, public_key, valid }) => {
      return verifySignature(signature as Signature, message, public_key as PublicKey) !== valid;
    });
    expect(wrong).toEqual([]);
  });
});

describe("nonces.json", () => {
  it.each(nonces.valid)("[N1] $comment", ({ fields, text, nonce }) => {
    const { circle, host, expires_at: expiresAt, random } = fields;
    expect(makeLoginNonce({ circle: circle as PublicKey, host, expiresAt, random })).toBe(nonce);
    expect(parseLoginNonce(nonce)).toEqual({ circle, host, expiresAt, random });
    expect(Buffer.from(nonce, "base64").toString()).toBe(text);
  });

  it.each(nonces.valid)("[N5] $comment, signed", async ({ fields, nonce, secret_key, signature }) => {
    const dialled = { circle: fields.circle as PublicKey, host: fields.host, now: fields.expires_at - 60 };
    expect(await keypairFrom(secret_key).signLogin(nonce as Nonce, dialled)).toBe(signature);
  });

  it.each(nonces.invalid)("[N1] refused: $comment", ({ nonce }) => {
    expect(() => parseLoginNonce(nonce)).toThrow(TypeError);
  });

  it.each(nonces.checks)("[N4] $comment", ({ nonce, dialled, accepted, clock_offset_s }) => {
    const check = () => checkNonce(nonce as Nonce, { ...dialled, circle: dialled.circle as PublicKey });
    if (accepted) expect(check()).toBe(clock_offset_s);
    else expect(check).toThrow(NonceRefused);
  });
});

describe("envelopes.json", () => {
  it.each(envelopes.plays)("[E1] $comment", async ({ fields, text, sha256, secret_key, signature }) => {
    expect(playText(playFields(fields))).toBe(text);
    expect(sha256Hex(text)).toBe(sha256);
    expect(await keypairFrom(secret_key).signPlay(playFields(fields))).toBe(signature);
  });

  it.each(envelopes.plays)(
    "[E2] $comment: hashes of script and arguments",
    ({ fields, script, args, canonical_args }) => {
      expect(sha256Hex(script)).toBe(fields.script);
      expect(canonicalJson(JSON.parse(args))).toBe(canonical_args);
      expect(sha256Hex(canonical_args)).toBe(fields.args);
    },
  );

  it.each(envelopes.invalid_plays)("[E1] refused: $comment", ({ fields }) => {
    expect(() => playText(playFields(fields))).toThrow(/expected/);
  });

  it.each(envelopes.delegations)(
    "[E5] a delegation $comment",
    async ({ fields, text, sha256, secret_key, signature }) => {
      expect(delegationText(delegationFields(fields))).toBe(text);
      expect(sha256Hex(text)).toBe(sha256);
      expect(await keypairFrom(secret_key).signDelegation(delegationFields(fields))).toBe(signature);
    },
  );

  it.each(envelopes.invalid_delegations)("[E5] a delegation is refused: $comment", ({ fields }) => {
    expect(() => delegationText(delegationFields(fields))).toThrow(/expected/);
  });

  it.each(envelopes.wrong_signatures)(
    "[E4] a signature does not count: $comment",
    ({ fields, public_key, signature }) => {
      const text = playText(playFields(fields));
      expect(verifySignature(signature as Signature, text, public_key as PublicKey)).toBe(false);
    },
  );
});

describe("delegations.json", () => {
  const travelling = (delegation: TravellingDelegation) => delegation as SignedDelegation;

  it.each(delegations.addresses)("[W1] the address $address", ({ public_key, address }) => {
    expect(ethereumAddress(public_key as PublicKey)).toBe(address);
  });

  it.each(delegations.signed)(
    "[W1] signed by $comment",
    async ({ delegation, text, sha256, signed_hash, secret_key }) => {
      expect(signedDelegationText(travelling(delegation))).toBe(text);
      expect(sha256Hex(text)).toBe(sha256);
      expect(verifyDelegation(travelling(delegation))).toBe(true);
      const isWallet = delegation.scheme === "eip191";
      expect(isWallet ? Buffer.from(personalDigest(text)).toString("hex") : sha256).toBe(signed_hash);
      const { device, circles, not_before: notBefore, expires_at: expiresAt } = delegation;
      const made = await delegate(keypairFrom(secret_key), { device, circles, notBefore, expiresAt });
      if (!isWallet) expect(made).toEqual(delegation);
    },
  );

  it.each(delegations.wrong)("[D1] it is not its root's: $comment", ({ delegation }) => {
    expect(verifyDelegation(travelling(delegation))).toBe(false);
  });

  it.each(delegations.checks)("[D1] in a circle at $now: $fault", ({ delegation, circle, now, fault }) => {
    expect(delegationFault(travelling(delegation), { circle: circle as PublicKey, now }) ?? null).toBe(fault);
  });

  it.each(delegations.answers)("[W2] a wallet answers with $comment", ({ text, address, answer, signature }) => {
    const found = recoverPersonal(answer, text, address);
    expect(found?.signature ?? null).toBe(signature);
    if (found) expect(ethereumAddress(found.publicKey)).toBe(address);
  });
});

describe("canonical-json.json", () => {
  it.each(json.values)("[J1] $comment", ({ json, canonical }) => {
    expect(canonicalJson(JSON.parse(json))).toBe(canonical);
  });

  it.each(json.numbers)("[J1] the number with the bits $ieee754", ({ ieee754, canonical }) => {
    expect(canonicalJson(Buffer.from(ieee754, "hex").readDoubleBE())).toBe(canonical);
  });

  it.each(json.refused)("[J2] refused: $comment", ({ json }) => {
    expect(() => canonicalJson(JSON.parse(json))).toThrow(TypeError);
  });
});

/** The fields as our API names them. The brands are not checked: that is what the functions under test do. */
function playFields(fields: PlayVectorFields): PlayFields {
  const { task_id, timeout_ms, issued_at, expires_at, delegation, ...same } = fields;
  return {
    ...same,
    taskId: task_id,
    timeoutMs: timeout_ms ?? undefined,
    issuedAt: issued_at,
    expiresAt: expires_at,
    delegation: delegation ?? undefined,
  } as PlayFields;
}

function delegationFields({ not_before, expires_at, ...same }: DelegationVectorFields): DelegationFields {
  return { ...same, notBefore: not_before, expiresAt: expires_at } as DelegationFields;
}
