import fc from "fast-check";
import type { DelegationFields, PlayFields, Sha256, TaskId } from "../src/protocol/index.ts";
import { alice, bob, mallory } from "./people.ts";

/** Texts of these characters and no others. */
export function textOf(
  characters: string,
  length: { minLength?: number; maxLength?: number } = {},
): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters.split("")), ...length });
}

export function hexOf(characters: number): fc.Arbitrary<string> {
  return textOf("0123456789abcdef", { minLength: characters, maxLength: characters });
}

/** Any JSON value whose texts and names are Unicode. */
export const anyJson = fc.jsonValue({ stringUnit: "grapheme", maxDepth: 6 });

const anyKey = fc.constantFrom(alice.publicKey, bob.publicKey, mallory.publicKey);
const anyHash = hexOf(64).map((text) => text as Sha256);

export const anyTaskId = textOf("Az09_-", { minLength: 16, maxLength: 64 }).map((text) => text as TaskId);

export const anyPlay: fc.Arbitrary<PlayFields> = fc
  .record({
    circle: anyKey,
    caller: anyKey,
    taskId: anyTaskId,
    script: anyHash,
    args: anyHash,
    timeoutMs: fc.option(fc.integer({ min: 1, max: 600_000 }), { nil: undefined }),
    issuedAt: fc.nat(2 ** 31 - 1),
    lifetime: fc.integer({ min: 1, max: 86_400 }),
    delegation: fc.option(anyHash, { nil: undefined }),
  })
  .map(({ lifetime, ...rest }) => ({ ...rest, expiresAt: rest.issuedAt + lifetime }));

export const anyDelegation: fc.Arbitrary<DelegationFields> = fc
  .record({
    root: anyKey,
    device: anyKey,
    circles: fc.oneof(fc.constant("*" as const), fc.array(anyKey, { minLength: 1, maxLength: 4 })),
    notBefore: fc.nat(2 ** 31 - 1),
    lifetime: fc.integer({ min: 1, max: 2_592_000 }),
  })
  .filter(({ root, device }) => root !== device)
  .map(({ lifetime, ...rest }) => ({ ...rest, expiresAt: rest.notBefore + lifetime }));
