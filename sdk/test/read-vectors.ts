import { readFileSync } from "node:fs";

/** The files of `vectors/` and what they hold; `vectors/README.md` says it in words. */
export type Vectors = {
  keys: KeyVectors;
  signatures: SignatureVectors;
  nonces: NonceVectors;
  envelopes: EnvelopeVectors;
  delegations: DelegationVectors;
  "canonical-json": CanonicalJsonVectors;
};

/** Reads one file of test vectors. */
export function readVectors<Name extends keyof Vectors>(name: Name): Vectors[Name] {
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), "utf8")) as Vectors[Name];
}

export type KeyVectors = {
  pairs: { comment: string; secret_key: string; public_key: string; uncompressed: string }[];
  accepted_public_keys: { comment: string; given: string; public_key: string }[];
  refused_public_keys: { comment: string; given: string }[];
  accepted_secret_keys: { comment: string; given: string; public_key: string }[];
  refused_secret_keys: { comment: string; given: string }[];
};

export type SignatureCase = {
  comment: string;
  flags: string[];
  public_key: string;
  message: string;
  signature: string;
  valid: boolean;
};

export type SignatureVectors = {
  sign: { comment: string; secret_key: string; message: string; signature: string }[];
  verify: SignatureCase[];
};

export type NonceFields = { circle: string; host: string; expires_at: number; random: string };

export type NonceVectors = {
  valid: { comment: string; fields: NonceFields; text: string; nonce: string; secret_key: string; signature: string }[];
  invalid: { comment: string; nonce: string }[];
  checks: {
    comment: string;
    nonce: string;
    dialled: { circle: string; host: string; now: number };
    accepted: boolean;
    clock_offset_s: number | null;
  }[];
};

export type PlayVectorFields = {
  circle: string;
  caller: string;
  task_id: string;
  script: string;
  args: string;
  timeout_ms: number | null;
  issued_at: number;
  expires_at: number;
  delegation: string | null;
};

export type DelegationVectorFields = {
  root: string;
  device: string;
  circles: "*" | string[];
  not_before: number;
  expires_at: number;
};

type Signed = { text: string; sha256: string; secret_key: string; public_key: string; signature: string };

export type EnvelopeVectors = {
  plays: ({
    comment: string;
    script: string;
    args: string;
    canonical_args: string;
    fields: PlayVectorFields;
  } & Signed)[];
  invalid_plays: { comment: string; fields: PlayVectorFields }[];
  delegations: ({ comment: string; fields: DelegationVectorFields } & Signed)[];
  invalid_delegations: { comment: string; fields: DelegationVectorFields }[];
  wrong_signatures: { comment: string; fields: PlayVectorFields; public_key: string; signature: string }[];
};

export type TravellingDelegation = DelegationVectorFields & { scheme?: string | undefined; signature: string };

export type DelegationVectors = {
  addresses: { public_key: string; address: string }[];
  signed: {
    comment: string;
    delegation: TravellingDelegation;
    text: string;
    sha256: string;
    signed_hash: string;
    secret_key: string;
  }[];
  wrong: { comment: string; delegation: TravellingDelegation }[];
  checks: {
    delegation: TravellingDelegation;
    circle: string;
    now: number;
    fault: "other-circle" | "not-yet-valid" | "expired" | null;
  }[];
  answers: { comment: string; text: string; address: string; answer: string; signature: string | null }[];
};

export type CanonicalJsonVectors = {
  values: { comment: string; json: string; canonical: string }[];
  numbers: { ieee754: string; canonical: string }[];
  refused: { comment: string; json: string }[];
};
