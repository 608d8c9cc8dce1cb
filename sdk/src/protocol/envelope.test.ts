import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyDelegation, anyPlay } from "../../test/arbitraries.ts";
import { alice, bob } from "../../test/people.ts";
import { delegationText, type PlayFields, playText } from "./envelope.ts";

const NOW = 1_800_000_000;
describe("playText", () => {
  it("[E1] has ten lines, each ended by one line end, in ASCII", () => {
    fc.assert(
      fc.property(anyPlay, (fields) => {
        expect(playText(fields)).toMatch(/^circles-play\/1\n(?:[a-z_]+:[!-~]+\n){9}$/);
      }),
    );
  });

  it("[E1] differs for any two plays that differ", () => {
    fc.assert(
      fc.property(anyPlay, anyPlay, (one, other) => {
        fc.pre(!sameFields(one, other));
        expect(playText(one)).not.toBe(playText(other));
      }),
    );
  });

  it("[E1] changes with every single field", () => {
    fc.assert(
      fc.property(anyPlay, anyPlay, (one, other) => {
        for (const name of Object.keys(one) as (keyof PlayFields)[]) {
          if (name === "issuedAt" || name === "expiresAt" || one[name] === other[name]) continue;
          expect(playText({ ...one, [name]: other[name] }), name).not.toBe(playText(one));
        }
      }),
    );
  });

  it("[E1] reads back line by line", () => {
    fc.assert(
      fc.property(anyPlay, (fields) => {
        const lines = playText(fields)
          .split("\n")
          .slice(1, -1)
          .map((line) => line.slice(line.indexOf(":") + 1));
        const { circle, caller, taskId, script, args, timeoutMs = "-", issuedAt, expiresAt, delegation = "-" } = fields;
        expect(lines).toEqual(
          [circle, caller, taskId, script, args, timeoutMs, issuedAt, expiresAt, delegation].map(String),
        );
      }),
    );
  });

  it("[E3] is made for lifetimes of 1 to 86,400 s and no others", () => {
    fc.assert(
      fc.property(anyPlay, fc.integer({ min: -100_000, max: 200_000 }), (fields, lifetime) => {
        const make = () => playText({ ...fields, expiresAt: fields.issuedAt + lifetime });
        if (lifetime >= 1 && lifetime <= 86_400) expect(make).not.toThrow();
        else expect(make).toThrow(RangeError);
      }),
    );
  });
});

describe("delegationText", () => {
  it("[E5] differs for any two delegations that differ", () => {
    fc.assert(
      fc.property(anyDelegation, anyDelegation, (one, other) => {
        fc.pre(!sameFields(one, other));
        expect(delegationText(one)).not.toBe(delegationText(other));
      }),
    );
  });

  it("[E5] is made for lifetimes of 1 to 2,592,000 s and no others", () => {
    fc.assert(
      fc.property(anyDelegation, fc.integer({ min: -10, max: 6_000_000 }), (fields, lifetime) => {
        const make = () => delegationText({ ...fields, expiresAt: fields.notBefore + lifetime });
        if (lifetime >= 1 && lifetime <= 2_592_000) expect(make).not.toThrow();
        else expect(make).toThrow(RangeError);
      }),
    );
  });

  it("[E5] is not made for no circle", () => {
    const fields = { root: alice.publicKey, device: bob.publicKey, circles: [], notBefore: NOW, expiresAt: NOW + 1 };
    expect(() => delegationText(fields)).toThrow(RangeError);
  });

  it("[E7] is never the text of a play", () => {
    fc.assert(
      fc.property(anyPlay, anyDelegation, (play, delegation) => {
        expect(playText(play).slice(0, 15)).not.toBe(delegationText(delegation).slice(0, 15));
      }),
    );
  });
});

function sameFields(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
