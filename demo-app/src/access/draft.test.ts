import type { Grant } from "@circles/sdk";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { draftOf, EMPTY, grantOf } from "./draft.ts";

describe("the form of a grant", () => {
  const hash = `sha256:${"0".repeat(64)}` as const;
  const anyGrant: fc.Arbitrary<Grant> = fc.record(
    {
      to: fc.constantFrom("*", "friends"),
      allow: fc.array(fc.constantFrom("read:**", "write:a:b", "call:sign", "policy", "log"), { minLength: 1 }),
      approval: fc.constant("ask" as const),
      scripts: fc.constant([hash]),
      expires: fc.constant("2027-01-01T00:00:00Z"),
      limits: fc.record({
        plays_per_minute: fc.integer({ min: 1, max: 100 }),
        cpu_ms: fc.integer({ min: 1, max: 100 }),
      }),
    },
    { requiredKeys: ["to", "allow"] },
  );

  it("[PG7] filled in with a grant and left so, it gives that grant: also what it does not show", () => {
    fc.assert(
      fc.property(anyGrant, (grant) => {
        expect(grantOf(draftOf(grant))).toEqual(grant);
      }),
    );
  });

  it("[PG7] says when a grant ends, and gives none while something is missing", () => {
    expect(grantOf(EMPTY)).toBeUndefined();
    const draft = { ...EMPTY, deeds: [{ kind: "read", what: "notes/**" }] };
    expect(grantOf({ ...draft, to: "" })).toBeUndefined();
    expect(grantOf({ ...draft, rate: "", ends: "24" }, Date.parse("2026-01-01T10:00:00Z"))).toEqual({
      to: "*",
      allow: ["read:notes/**"],
      expires: "2026-01-02T10:00:00.000Z",
    });
  });

  it("[PG7] a grant loses what is taken out of it", () => {
    const grant: Grant = {
      to: "*",
      allow: ["read:**"],
      approval: "ask",
      limits: { plays_per_minute: 3 },
      expires: "2027-01-01T00:00:00Z",
    };
    expect(grantOf({ ...draftOf(grant), rate: "", ends: "never", asks: false })).toEqual({
      to: "*",
      allow: ["read:**"],
    });
  });
});
