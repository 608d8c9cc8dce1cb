import type { Grant, PublicKey } from "@circles/sdk";
import fc from "fast-check";
import { expect, it } from "vitest";
import { openAuthority } from "../../../relay/src/policy/authority.ts";
import { CompiledPolicy, writeAuthority } from "../../../relay/src/policy/compiled-policy.ts";
import { alice, bob, mallory } from "../../../relay/test/people.ts";
import { sentenceOf } from "./sentence.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const people = [alice, bob, mallory].map(({ publicKey }) => publicKey);
const groups = { friends: [alice.publicKey, bob.publicKey] };
const names = new Map<string, string>([[alice.publicKey, "Alice"]]);

const anyGlob = fc.constantFrom("**", "notes/**", "notes/*", "notes/a", "n*", "*/a", "**/a", "*");
const anyCapability = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom("read", "write", "emit", "subscribe"), anyGlob).map((of) => of.join(":")),
  },
  { weight: 2, arbitrary: fc.constantFrom("call:*", "call:sign", "call:s*") },
  { weight: 1, arbitrary: fc.constantFrom("policy", "library", "inbox", "log") },
);
const anyGrant: fc.Arbitrary<Grant> = fc.record(
  {
    to: fc.constantFrom("*", "friends", ...people),
    allow: fc.array(anyCapability, { minLength: 1, maxLength: 4 }),
    approval: fc.constant("ask" as const),
    expires: fc.constantFrom("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    limits: fc.record({ plays_per_minute: fc.integer({ min: 1, max: 100 }) }),
  },
  { requiredKeys: ["to", "allow"] },
);
const anyNeed = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("read", "write", "emit", "subscribe"),
      fc.constantFrom("notes", "notes/a", "notes/b/a", "a", "secret"),
    )
    .map((of) => of.join(":")),
  fc.constantFrom("call:sign", "call:other", "policy", "library", "inbox", "log"),
);

type Reading = {
  readonly who: string;
  readonly deeds: string;
  readonly until: string | undefined;
  readonly asks: boolean;
};

/** A sentence as somebody reads it who knows no policy: only words. */
function read(sentence: string): Reading {
  const [, who = "", rest = ""] = /^(.+?) may (.+)\.$/.exec(sentence) ?? [];
  const until = /, until (\S+?)(?=,|$)/.exec(rest)?.[1];
  const deeds = rest.replace(/, (\d+ times a minute|once a minute|until \S+|if you allow it each time)(?=,|$)/g, "");
  return { who, deeds, until, asks: rest.endsWith(", if you allow it each time") };
}

function isMeant(who: string, key: PublicKey): boolean {
  if (who === "Anyone") return true;
  if (who === "Everyone in the group “friends”") return groups.friends.includes(key);
  if (who.startsWith("“Alice” (")) return key === alice.publicKey;
  const [start = "-", end = "-"] = who.split("…");
  return key.startsWith(start) && key.endsWith(end);
}

const VERBS: Readonly<Record<string, RegExp>> = {
  read: /(?:^|, | and )read (everything below “[^”]*”|everything(?! below)|what is named like “[^”]*”|“[^”]*”)/g,
  write: /write and delete (everything below “[^”]*”|everything(?! below)|what is named like “[^”]*”|“[^”]*”)/g,
  emit: /tell those who subscribe to (every topic|what is named like “[^”]*”|“[^”]*”)/g,
  subscribe: /be told of (every topic|what is named like “[^”]*”|“[^”]*”)/g,
  call: /(?:^|, | and )call (every function that you publish|what is named like “[^”]*”|“[^”]*”)/g,
};
const TOOLS: Readonly<Record<string, RegExp>> = {
  policy: /change who may do what/,
  library: /replace your published functions/,
  inbox: /answer what asks in your inbox/,
  log: /read your log/,
};

function speaksOf(deeds: string, need: string): boolean {
  const [kind = "", name] = need.split(":");
  if (name === undefined) return TOOLS[kind]?.test(deeds) ?? false;
  return Array.from(deeds.matchAll(VERBS[kind] ?? /(?!)/g), ([, what = ""]) => what).some((what) =>
    isNamed(what, name),
  );
}

/** Does "everything below “notes”" speak of `notes/a`? */
function isNamed(what: string, name: string): boolean {
  if (["everything", "every topic", "every function that you publish"].includes(what)) return true;
  const quoted = /“(.*)”/.exec(what)?.[1] ?? "";
  if (what.startsWith("everything below ")) return name.startsWith(`${quoted}/`);
  if (!what.startsWith("what is named like ")) return name === quoted;
  // Stars as people know them from file names: one for what is between slashes, two for any number of such parts.
  const segments = quoted.split("/").map((segment) => (segment === "**" ? "**" : segment.replaceAll("*", "[^/]+?")));
  const pattern = segments.join("/").replaceAll("**/", "(?:[^/]+/)*").replaceAll("/**", "(?:/[^/]+)+");
  return new RegExp(`^${pattern}$`).test(name);
}

it("[PG7] a sentence means to whoever reads it what the grant does in the relay", () => {
  fc.assert(
    fc.property(anyGrant, fc.constantFrom(...people), anyNeed, (grant, caller, need) => {
      const script = "" as never;
      const grants = new CompiledPolicy({ groups, grants: [grant] }).grantsOf({ caller, script, now: NOW });
      const unexpired = grants.map((one) => ({ ...one, expires: Number.MAX_SAFE_INTEGER })); // `check` has a clock of its own
      const authority = openAuthority(writeAuthority({ script, grants: unexpired, approved: [] }));
      const effect = authority.check(need).kind;
      const { who, deeds, until, asks } = read(sentenceOf(grant, { names }));
      const isOver = until !== undefined && Date.parse(until) <= NOW;
      const isAllowed = isMeant(who, caller) && !isOver && speaksOf(deeds, need);
      const meaning = isAllowed ? (asks ? "ask" : "held") : "missing";
      expect(`${sentenceOf(grant, { names })} ${need}: ${meaning}`).toBe(
        `${sentenceOf(grant, { names })} ${need}: ${effect}`,
      );
    }),
    { numRuns: 3_000 },
  );
});
