import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyDelegation, anyPlay } from "../../test/arbitraries.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { type DelegationFields, delegationFault, delegationFields, delegationText } from "./delegation.ts";
import { playText } from "./envelope.ts";
import type { Signature } from "./ids.ts";
import { walletDelegationText } from "./wallet-delegation.ts";

const NOW = 1_800_000_000;
const ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const fields: DelegationFields = {
  root: alice.publicKey,
  device: bob.publicKey,
  circles: [mallory.publicKey],
  notBefore: NOW,
  expiresAt: NOW + 86_400,
};

const texts: [string, string, (fields: DelegationFields) => string][] = [
  ["delegationText", "E5", delegationText],
  ["walletDelegationText", "W1", (given) => walletDelegationText(given, ADDRESS)],
];

describe.each(texts)("%s", (_, rule, textOf) => {
  it(`[${rule}] differs for any two delegations of a root that differ`, () => {
    fc.assert(
      fc.property(anyDelegation, anyDelegation, (one, other) => {
        const same = { ...other, root: one.root };
        fc.pre(one.root !== other.device && JSON.stringify(one) !== JSON.stringify(same));
        expect(textOf(one)).not.toBe(textOf(same));
      }),
    );
  });

  it(`[${rule}] is made for lifetimes of 1 to 2,592,000 s and no others`, () => {
    fc.assert(
      fc.property(anyDelegation, fc.integer({ min: -10, max: 6_000_000 }), (given, lifetime) => {
        const make = () => textOf({ ...given, expiresAt: given.notBefore + lifetime });
        if (lifetime >= 1 && lifetime <= 2_592_000) expect(make).not.toThrow();
        else expect(make).toThrow(RangeError);
      }),
    );
  });

  it.each<[string, Partial<DelegationFields>]>([
    ["no circle", { circles: [] }],
    ["more than 100 circles", { circles: Array.from({ length: 101 }, () => bob.publicKey) }],
    ["circles that are no array", { circles: bob.publicKey as never }],
    ["a circle of two lines", { circles: [`${bob.publicKey}\nUntil: 2099` as never] }],
    ["half a second", { expiresAt: NOW + 0.5 }],
  ])(`[${rule}] is not made for %s`, (_comment, change) => {
    expect(() => textOf({ ...fields, ...change })).toThrow(/^(delegation|public key).*expected/);
  });

  it(`[${rule}] is made for 100 circles`, () => {
    expect(() => textOf({ ...fields, circles: Array.from({ length: 100 }, () => bob.publicKey) })).not.toThrow();
  });

  it("[E7] is never the text of a play, and of no other kind of delegation", () => {
    fc.assert(
      fc.property(anyPlay, anyDelegation, (play, delegation) => {
        const others = [playText(play), ...texts.filter(([, id]) => id !== rule).map(([, , make]) => make(delegation))];
        for (const other of others) expect(other.slice(0, 15)).not.toBe(textOf(delegation).slice(0, 15));
      }),
    );
  });
});

it("[E5] delegationText is not made for the root itself as its device", () => {
  expect(() => delegationText({ ...fields, device: alice.publicKey })).toThrow(TypeError);
});

describe("walletDelegationText", () => {
  it("[W1] says in words what is signed, with times in ISO 8601", () => {
    const text = walletDelegationText({ ...fields, circles: [mallory.publicKey, bob.publicKey] }, ADDRESS);
    expect(text.split("\n").slice(4)).toEqual([
      `Account: ${ADDRESS}`,
      `Device key: ${bob.publicKey}`,
      `Circles: ${mallory.publicKey}, ${bob.publicKey}`,
      "From: 2027-01-15T08:00:00Z",
      "Until: 2027-01-16T08:00:00Z",
      "Form: circles-wallet-delegation/1",
      "",
    ]);
    expect(text).toMatch(
      /^Circles: let a device act as me\n\nIf you sign this, whoever holds the device key below can /,
    );
    expect(text).toMatch(/^[\n -~]*$/);
    expect(walletDelegationText({ ...fields, circles: "*" }, ADDRESS)).toContain("\nCircles: every circle\n");
  });

  it("[W1] is not made for another form of address, nor for times that have no four digits for their year", () => {
    for (const address of ["", ADDRESS.slice(2), `${ADDRESS}0`, `${ADDRESS}\n`]) {
      expect(() => walletDelegationText(fields, address), address).toThrow(TypeError);
    }
    const late = { ...fields, notBefore: 253_402_300_799, expiresAt: 253_402_300_800 };
    expect(() => walletDelegationText(late, ADDRESS)).toThrow(RangeError);
  });
});

describe("delegationFault", () => {
  const travelling = {
    root: alice.publicKey,
    device: bob.publicKey,
    circles: [mallory.publicKey],
    not_before: NOW,
    expires_at: NOW + 100,
    signature: "00" as Signature,
  };
  it.each([
    [NOW - 61, "not-yet-valid"],
    [NOW - 60, undefined],
    [NOW + 160, undefined],
    [NOW + 161, "expired"],
  ] as const)("[D1] at %d it is %s", (now, fault) => {
    expect(delegationFault(travelling, { circle: mallory.publicKey, now })).toBe(fault);
    expect(delegationFault({ ...travelling, circles: "*" }, { circle: bob.publicKey, now })).toBe(fault);
    expect(delegationFault(travelling, { circle: bob.publicKey, now })).toBe("other-circle");
  });

  it("[E6] it travels with the fields that were signed", () => {
    expect(delegationFields(travelling)).toEqual({ ...fields, expiresAt: NOW + 100 });
  });
});
