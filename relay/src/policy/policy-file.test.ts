import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bob } from "../../test/people.ts";
import { PolicyRefused, parsePolicy } from "./policy-file.ts";

const grant = { to: "*", allow: ["read:**"] };
const hash = `sha256:${"0".repeat(64)}`;

describe("a policy's form", () => {
  it("[PO7] is taken as it is written", () => {
    const policy = {
      groups: { friends: [bob.publicKey], nobody: [] },
      grants: [
        { to: "*", allow: ["call:sign_guestbook", "read:public/**"], limits: { plays_per_minute: 30 } },
        {
          to: "friends",
          allow: ["subscribe:chat", "policy"],
          limits: { cpu_ms: 200, in_total: { plays_per_minute: 1 } },
        },
        { to: bob.publicKey, allow: ["write:**"], scripts: [hash], expires: "2027-01-01T00:00:00Z" },
        { to: "*", allow: ["write:inbox/**"], approval: "ask", expires: "2028-02-29T23:59:59.123+02:00" },
      ],
      unsigned: "refuse",
      revoked_devices: [bob.publicKey],
    };
    expect(parsePolicy(structuredClone(policy))).toEqual(policy);
    expect(parsePolicy({ grants: [] })).toEqual({ grants: [] });
  });

  it.each<[string, unknown, RegExp]>([
    ["no object", 1, /^policy: expected an object, got 1$/],
    ["no grants", {}, /^policy: grants: expected this member, got undefined$/],
    ["another member", { grants: [], rules: [] }, /^policy: rules: expected no such member, got "rules"$/],
    ["grants that are none", { grants: [1] }, /^policy: grants\[0\]: expected an object, got 1$/],
    ["a grant to nobody", { grants: [{ allow: ["log"] }] }, /^policy: grants\[0\]\.to: expected this member/],
    [
      "a grant to an unknown group",
      { grants: [{ ...grant, to: "friends" }] },
      /grants\[0\]\.to: expected a public key, a group of this policy, or "\*", got "friends"/,
    ],
    ["a grant to __proto__", { grants: [{ ...grant, to: "__proto__" }] }, /grants\[0\]\.to: expected/],
    [
      "a grant to a key in capitals",
      { grants: [{ ...grant, to: bob.publicKey.toUpperCase() }] },
      /grants\[0\]\.to: expected/,
    ],
    [
      "a grant of nothing",
      { grants: [{ to: "*", allow: [] }] },
      /grants\[0\]\.allow: expected 1 to 100 capabilities, got an array of 0/,
    ],
    [
      "an unknown capability",
      { grants: [{ to: "*", allow: ["log", "sudo"] }] },
      /grants\[0\]\.allow\[1\]: expected a capability.*, got "sudo"/,
    ],
    ["a capability without a name", { grants: [{ to: "*", allow: ["read:"] }] }, /allow\[0\]: expected a capability/],
    ["a name where there is none", { grants: [{ to: "*", allow: ["policy:x"] }] }, /allow\[0\]: expected a capability/],
    [
      "two stars and more in a segment",
      { grants: [{ to: "*", allow: ["read:a**"] }] },
      /allow\[0\]: expected a capability/,
    ],
    ["an empty segment", { grants: [{ to: "*", allow: ["read:a//b"] }] }, /allow\[0\]: expected a capability/],
    ["another approval", { grants: [{ ...grant, approval: "no" }] }, /approval: expected "ask", got "no"/],
    ["a script's text", { grants: [{ ...grant, scripts: ["1"] }] }, /scripts\[0\]: expected "sha256:" and 64/],
    [
      "a time without a zone",
      { grants: [{ ...grant, expires: "2027-01-01T00:00:00" }] },
      /expires: expected an ISO 8601 time with its zone, got/,
    ],
    ["a day that is none", { grants: [{ ...grant, expires: "2027-13-01T00:00:00Z" }] }, /expires: expected/],
    [
      "half a millisecond",
      { grants: [{ ...grant, limits: { cpu_ms: 0.5 } }] },
      /limits\.cpu_ms: expected a whole number from 1, got 0\.5/,
    ],
    ["an unknown limit", { grants: [{ ...grant, limits: { cpu: 1 } }] }, /limits\.cpu: expected no such member/],
    [
      "a group named like a key",
      { groups: { [bob.publicKey]: [] }, grants: [] },
      /groups\.0.*: expected the name of a group/,
    ],
    ["a group named *", { groups: { "*": [] }, grants: [] }, /groups\["\*"\]: expected the name of a group/],
    [
      "groups in a list",
      { groups: [], grants: [] },
      /^policy: groups: expected an object of groups, got an array of 0$/,
    ],
    ...["__proto__", "constructor", "prototype"].map((name): [string, unknown, RegExp] => [
      `a group named ${name}`,
      JSON.parse(`{"groups":{"${name}":[]},"grants":[]}`),
      new RegExp(`groups\\.${name}: expected the name of a group`),
    ]),
    ...["2027-02-30T00:00:00Z", "2027-04-31T12:00+02:00", "2026-02-29T00:00:00Z"].map(
      (expires): [string, unknown, RegExp] => [
        `the day ${expires.slice(0, 10)}`,
        { grants: [{ ...grant, expires }] },
        /grants\[0\]\.expires: expected an ISO 8601 time/,
      ],
    ),
    [
      "a group with an endless name",
      { groups: { ["x".repeat(100_000)]: [] }, grants: [] },
      /^policy: groups\[100000 characters\]: expected the name of a group.{1,100}$/,
    ],
    ["a group of names", { groups: { a: ["bob"] }, grants: [] }, /groups\.a\[0\]: expected a public key.*, got "bob"/],
    [
      "a revoked device that is no key",
      { grants: [], revoked_devices: ["phone"] },
      /^policy: revoked_devices\[0\]: expected a public key.*, got "phone"$/,
    ],
    [
      "too many revoked devices",
      { grants: [], revoked_devices: Array.from({ length: 10_001 }, () => bob.publicKey) },
      /^policy: revoked_devices: expected an array of at most 10000 keys, got an array of 10001$/,
    ],
    [
      "too many grants",
      { grants: Array.from({ length: 10_001 }, () => grant) },
      /grants: expected an array of at most 10000 grants, got an array of 10001/,
    ],
  ])("[PO7] with %s is refused by its place", (_, policy, sentence) => {
    expect(() => parsePolicy(policy)).toThrow(PolicyRefused);
    expect(() => parsePolicy(policy)).toThrow(sentence);
  });

  it("[PO7] with more for one caller than goes with every play is refused, however it comes together", () => {
    const large = (to: string, grants: number) =>
      Array.from({ length: grants }, (_, i) => ({ to, allow: [`read:${"x".repeat(1_000)}/${i}`] }));
    expect(() => parsePolicy({ grants: large("*", 260) })).toThrow(/characters of grants that matter for one caller/);
    const groups = { a: [bob.publicKey], b: [bob.publicKey] };
    expect(() => parsePolicy({ groups, grants: [...large("a", 90), ...large("b", 90), ...large("*", 90)] })).toThrow(
      PolicyRefused,
    );
    parsePolicy({
      groups: { a: [bob.publicKey], b: [] },
      grants: [...large("a", 90), ...large("b", 90), ...large("*", 90)],
    });
  });

  it("[PO7] whatever comes is taken or refused, and what is taken is taken again", () => {
    const near = fc.record(
      { groups: fc.anything(), grants: fc.oneof(fc.anything(), fc.array(fc.oneof(fc.anything(), fc.constant(grant)))) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), near), (value) => {
        try {
          const policy = parsePolicy(value);
          expect(parsePolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyRefused);
        }
      }),
    );
  });
});
