import type { PublicKey } from "@circles/sdk/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexOf } from "../../../sdk/test/arbitraries.ts";
import { readVectors } from "../../../sdk/test/read-vectors.ts";
import { textVerifierContract } from "../../src/signatures/verifier-contract.ts";
import { makeAllVerifiers } from "./all-verifiers.ts";
import { makeNobleVerifier } from "./noble-verifier.ts";
import { makeOpensslVerifier } from "./openssl-verifier.ts";

describe("the verifiers that ours is measured against", () => {
  textVerifierContract("OpenSSL", async () => makeOpensslVerifier());
  textVerifierContract("noble", async () => makeNobleVerifier());
});

describe("all four verifiers", () => {
  const valid = readVectors("signatures").verify.filter((item) => item.valid);
  const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const edges = [0n, 1n, 2n, (N - 1n) / 2n, (N + 1n) / 2n, N - 2n, N - 1n, N, N + 1n, 2n ** 255n, 2n ** 256n - 1n];
  const edge = fc.constantFrom(...edges.map((each) => each.toString(16).padStart(64, "0")));

  /** One part of a valid case made another: a bit, a half, a whole. */
  const mutation = fc.oneof(
    fc.record({ part: fc.constantFrom("signature" as const, "public_key" as const), bit: fc.nat(527) }),
    fc.record({ half: fc.constantFrom("r" as const, "s" as const), by: fc.oneof(edge, hexOf(64)) }),
    fc.record({ key: fc.tuple(fc.constantFrom("02", "03"), fc.oneof(edge, hexOf(64))).map((parts) => parts.join("")) }),
    fc.record({ message: fc.string({ unit: "binary" }) }),
    fc.constant({}),
  );

  it("[K5] agree on valid signatures and on whatever can be made of them", async () => {
    const verifiers = await makeAllVerifiers();
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...valid), mutation, (item, how) => {
        const { signature, message, public_key } = mutated(item, how);
        const answers = verifiers.map((verifier) => verifier.verify(signature, message, public_key as PublicKey));
        expect(new Set(answers).size, JSON.stringify({ signature, message, public_key, answers })).toBe(1);
        if (answers[0]) taken += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});

type Case = { signature: string; message: string; public_key: string };
type Mutation = {
  part?: "signature" | "public_key";
  bit?: number;
  half?: "r" | "s";
  by?: string;
  key?: string;
  message?: string;
};

function mutated(item: Case, { part, bit = 0, half, by = "", key, message }: Mutation): Case {
  const { signature } = item;
  if (part) return { ...item, [part]: withBitFlipped(item[part], bit) };
  if (half) return { ...item, signature: half === "r" ? by + signature.slice(64) : signature.slice(0, 64) + by };
  return { signature, message: message ?? item.message, public_key: key ?? item.public_key };
}

function withBitFlipped(hex: string, bit: number): string {
  const bytes = Buffer.from(hex, "hex");
  const at = (bit >> 3) % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
  return bytes.toString("hex");
}
