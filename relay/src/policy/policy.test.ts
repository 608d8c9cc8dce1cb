import { hash } from "node:crypto";
import type { Grant, PolicyDocument, PublicKey, Sha256 } from "@circles/sdk/protocol";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { openAuthority } from "./authority.ts";
import { CompiledPolicy, writeAuthority } from "./compiled-policy.ts";
import { type ReferencePlay, referenceGrants, referenceVerdict } from "./reference-policy.ts";

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
      limits: fc.record({ cpu_ms: fc.integer({ min: 1, max: 3 }) }),
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

const idOf = (grant: Grant) => hash("sha256", JSON.stringify(grant)).slice(0, 16);

/** What a play may do, by way of the text that a thread gets. */
function authorityOf(
  policy: PolicyDocument,
  caller: PublicKey,
  script = SCRIPTS[0] as Sha256,
  approved: string[] = [],
  isExhausted = (_id: string) => false,
) {
  const grants = new CompiledPolicy(policy)
    .grantsOf({ caller, script, now: Date.now() })
    .map((grant) => (isExhausted(grant.id) ? { ...grant, exhausted: { allowed: 1, retryAfterMs: 1 } } : grant));
  return openAuthority(writeAuthority({ script, grants, approved }));
}

describe("a policy", () => {
  it("[PO4] decides as the slow, obvious way does", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: SOME_TIME });
    const someNeeded = fc.array(needed, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        anyPolicy,
        fc.record({ caller: fc.constantFrom(...KEYS), script: fc.constantFrom(...SCRIPTS) }),
        fc.record({ all: someNeeded, approved: fc.array(needed, { maxLength: 3 }) }),
        fc.constantFrom("", "01234567", "0123456789abcde"),
        (policy, { caller, script }, { all, approved }, digits) => {
          const isExhausted = (id: string) => digits.includes(id.charAt(0));
          const authority = authorityOf(policy, caller, script, approved, isExhausted);
          const play: ReferencePlay = {
            caller,
            script,
            approved,
            now: SOME_TIME,
            isExhausted: (grant) => isExhausted(idOf(grant)),
          };
          const used = new Set<string>();
          for (const one of all) {
            const { kind, by, isUsed } = referenceVerdict(policy, play, one);
            const verdict = authority.check(one);
            expect(verdict.kind, one).toBe(kind);
            if (verdict.kind === "held") expect(verdict.limits?.cpuMs, one).toBe(by?.limits?.cpu_ms);
            if (by && isUsed) used.add(idOf(by));
          }
          expect(new Set(authority.used)).toEqual(used);
          const asked = { caller, script, now: SOME_TIME };
          expect(authority.used.every((id) => new CompiledPolicy(policy).gives(id, asked))).toBe(true);
          const most = referenceGrants(policy, play).map(({ limits }) => limits?.cpu_ms ?? Number.POSITIVE_INFINITY);
          expect(authority.initialLimits.cpuMs ?? Number.POSITIVE_INFINITY).toBe(
            most.length > 0 ? Math.max(...most) : Number.POSITIVE_INFINITY,
          );
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
    expect([authority.check("read:a").kind, authority.readsBelow("").kind]).toEqual(["held", "held"]);
    vi.setSystemTime(SOME_TIME + 1_000);
    expect([authority.check("read:a").kind, authority.readsBelow("").kind]).toEqual(["missing", "missing"]);
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
    const without = authorityOf({ grants: [] }, mallory.publicKey, SCRIPTS[0], ["write:inbox/a"]);
    expect(without.check("write:inbox/a")).toEqual({ kind: "missing" }); // the owner took the grant away meanwhile
  });

  it("[SB15] lists where a name that it may read could be, and nowhere else", () => {
    const below = (policy: PolicyDocument, prefix: string, isExhausted = (_id: string) => false) =>
      authorityOf(policy, bob.publicKey, SCRIPTS[0], [], isExhausted).readsBelow(prefix).kind;
    const grants: Grant[] = [
      { to: "*", allow: ["read:public/**", "read:news/a*", "write:secret/**"] },
      { to: "*", allow: ["read:secret/**"], approval: "ask" },
    ];
    const kinds = ["", "pub", "public/", "public/a/b", "news/", "news/ab", "secret/", "news/b"].map((prefix) =>
      below({ grants }, prefix),
    );
    expect(kinds).toEqual(["held", "held", "held", "held", "held", "held", "nothing", "nothing"]);
    expect(below({ grants: grants.slice(1) }, "secret/")).toBe("missing");
    expect(below({ grants }, "public/", () => true)).toBe("exhausted");
  });

  it("[PO4] a name that needs a great deal of looking does not take long to look at", () => {
    const glob = `read:${"a*".repeat(2_000)}b`;
    const authority = authorityOf({ grants: [{ to: "*", allow: [glob] }] }, bob.publicKey);
    expect(authority.check(`read:${"a".repeat(100)}`).kind).toBe("missing"); // with backtracking this never ends
    const folders = authorityOf({ grants: [{ to: "*", allow: [`read:${"**/a/".repeat(400)}b`] }] }, bob.publicKey);
    expect(folders.check(`read:${"a/".repeat(32)}c`).kind).toBe("missing");
  });

  it("[PO4] a grant that stands there twice is one grant", () => {
    const grant: Grant = { to: "*", allow: ["read:**"], limits: { plays_per_minute: 2 } };
    const policy = new CompiledPolicy({ grants: [grant, { ...grant }] });
    expect(policy.grantsOf({ caller: bob.publicKey, script: SCRIPTS[0] as Sha256 })).toHaveLength(1);
  });

  it("[WK16] a grant that asks is counted when it asks, asks no more when it is used up, and binds what it asked for", () => {
    const policy: PolicyDocument = { grants: [{ to: "*", allow: ["read:**"], approval: "ask" }] };
    const [id = ""] = policy.grants.map(idOf);
    const asking = authorityOf(policy, bob.publicKey);
    expect([asking.check("read:a").kind, asking.used]).toEqual(["ask", [id]]);
    const usedUp = authorityOf(policy, bob.publicKey, SCRIPTS[0], ["read:b"], () => true);
    expect([usedUp.check("read:a").kind, usedUp.check("read:b").kind, usedUp.used]).toEqual([
      "exhausted",
      "held",
      [id],
    ]);
  });

  it("[WK16] of several grants that are used up, the one that is free first says when to try again", () => {
    const authority = openAuthority(
      writeAuthority({
        script: SCRIPTS[0] as Sha256,
        approved: [],
        grants: [50_000, 10_000, 30_000].map((retryAfterMs, i) => ({
          id: String(i),
          allow: ["read:a"],
          exhausted: { allowed: i, retryAfterMs },
        })),
      }),
    );
    expect(authority.check("read:a")).toEqual({ kind: "exhausted", allowed: 1, retryAfterMs: 10_000 });
  });
});
