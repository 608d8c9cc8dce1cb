import { hash } from "node:crypto";
import type { Grant, PolicyDocument, PublicKey, Sha256 } from "@circles/sdk/protocol";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { openAuthority } from "./authority.ts";
import { CompiledPolicy, writeAuthority } from "./compiled-policy.ts";
import { referenceVerdict } from "./reference-policy.ts";

const KEYS = [alice.publicKey, bob.publicKey, mallory.publicKey];
const SCRIPTS = ["one", "two"].map((script) => hash("sha256", script) as Sha256);
const [SOME_TIME, LATER] = [Date.parse("2026-11-23T00:00:00Z"), "2027-01-01T00:00:00Z"];

const segment = fc.constantFrom("a", "b", "ab", "*", "a*", "*b", "a*b*", "**");
const glob = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));
const capability = fc.oneof(
  fc
    .tuple(fc.constantFrom("read", "write", "call", "emit", "subscribe"), glob)
    .map(([kind, name]) => `${kind}:${name}`),
  fc.constantFrom("policy", "library", "inbox", "log"),
);
const anyGrant: fc.Arbitrary<Grant> = fc
  .record(
    {
      to: fc.constantFrom("*", "friends", "others", ...KEYS),
      allow: fc.array(capability, { minLength: 1, maxLength: 3 }),
      approval: fc.constant("ask" as const),
      scripts: fc.uniqueArray(fc.constantFrom(...SCRIPTS.map((script) => `sha256:${script}` as const)), {
        minLength: 1,
      }),
      expires: fc.constantFrom("2026-11-23T00:00:00Z", "2026-11-22T23:59:59+01:00", LATER),
    },
    { requiredKeys: ["to", "allow"] },
  )
  .map((grant) => grant);
const anyPolicy: fc.Arbitrary<PolicyDocument> = fc.record({
  groups: fc.record({ friends: fc.subarray(KEYS), others: fc.subarray(KEYS) }),
  grants: fc.array(anyGrant, { maxLength: 6 }),
});
const name = fc
  .array(fc.constantFrom("a", "b", "ab", "aab", "abb", "é"), { minLength: 1, maxLength: 4 })
  .map((s) => s.join("/"));
const needed = fc.oneof(
  fc.tuple(fc.constantFrom("read", "write", "call", "emit"), name).map(([kind, of]) => `${kind}:${of}`),
  fc.constantFrom("policy", "library", "inbox", "log", "*", "read:", "read"),
);

/** What a play may do, by way of the text that a thread gets. */
function authorityOf(
  policy: PolicyDocument,
  caller: PublicKey,
  script = SCRIPTS[0] as Sha256,
  approved: string[] = [],
) {
  const grants = new CompiledPolicy(policy).grantsOf({ caller, script, now: Date.now() });
  return openAuthority(writeAuthority({ script, grants, approved }));
}

describe("a policy", () => {
  it("[PO4] decides as the slow, obvious way does", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: SOME_TIME });
    fc.assert(
      fc.property(
        anyPolicy,
        fc.constantFrom(...KEYS),
        fc.constantFrom(...SCRIPTS),
        fc.array(needed, { minLength: 1, maxLength: 8 }),
        (policy, caller, script, all) => {
          const authority = authorityOf(policy, caller, script);
          for (const one of all) {
            const expected = referenceVerdict(policy, { caller, script, now: SOME_TIME }, one);
            expect(authority.check(one).kind, one).toBe(expected);
          }
          const usedAll = authority.used.every((id) =>
            new CompiledPolicy(policy).gives(id, { caller, script, now: SOME_TIME }),
          );
          expect(usedAll).toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
    vi.useRealTimers();
  });

  it("[PO5] a grant that expires while a play runs gives nothing from then on", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: SOME_TIME });
    const expires = new Date(SOME_TIME + 1_000).toISOString();
    const policy: PolicyDocument = { grants: [{ to: "*", allow: ["read:**"], expires }] };
    const authority = authorityOf(policy, bob.publicKey);
    expect([authority.check("read:a").kind, authority.readsAnything()]).toEqual(["held", true]);
    vi.setSystemTime(SOME_TIME + 1_000);
    expect([authority.check("read:a").kind, authority.readsAnything()]).toEqual(["missing", false]);
    const [id = ""] = authority.used;
    expect(new CompiledPolicy(policy).gives(id, { caller: bob.publicKey, script: SCRIPTS[0] as Sha256 })).toBe(false);
    vi.useRealTimers();
  });

  it("[PO6] the limits of a grant bind a play that uses it, in the order of the policy", () => {
    const policy: PolicyDocument = {
      grants: [
        { to: "*", allow: ["read:public/**"], limits: { cpu_ms: 50, wall_ms: 500 } },
        { to: bob.publicKey, allow: ["read:**"], limits: { cpu_ms: 200 } },
      ],
    };
    const authority = authorityOf(policy, bob.publicKey);
    expect(authority.initialLimits).toEqual({ cpuMs: 200 });
    expect(authority.check("read:public/a")).toEqual({ kind: "held", limits: { cpuMs: 50, wallMs: 500 } });
    expect(authority.check("read:private")).toEqual({ kind: "held", limits: { cpuMs: 200 } });
    expect(authorityOf(policy, mallory.publicKey).initialLimits).toEqual({ cpuMs: 50, wallMs: 500 });
  });

  it("[AP3] what the owner allowed is held, exactly that, under the limits of the grant that asks", () => {
    const policy: PolicyDocument = {
      grants: [{ to: "*", allow: ["write:inbox/**"], approval: "ask", limits: { storage_bytes: 2_048 } }],
    };
    const authority = authorityOf(policy, mallory.publicKey, SCRIPTS[0], ["write:inbox/a"]);
    expect(authority.check("write:inbox/a")).toEqual({ kind: "held", limits: { storageBytes: 2_048 } });
    expect(authority.check("write:inbox/b")).toEqual({ kind: "ask" });
    expect(authority.check("write:other")).toEqual({ kind: "missing" });
  });

  it("[PO4] a name that needs a great deal of looking does not take long to look at", () => {
    const glob = `read:${"a*".repeat(2_000)}b`;
    const authority = authorityOf({ grants: [{ to: "*", allow: [glob] }] }, bob.publicKey);
    expect(authority.check(`read:${"a".repeat(100)}`).kind).toBe("missing"); // with backtracking this never ends
    const folders = authorityOf({ grants: [{ to: "*", allow: [`read:${"**/a/".repeat(400)}b`] }] }, bob.publicKey);
    expect(folders.check(`read:${"a/".repeat(32)}c`).kind).toBe("missing");
  });
});
