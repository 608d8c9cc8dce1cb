import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyPlay } from "../../test/arbitraries.ts";
import { type PlayFields, playText } from "./envelope.ts";

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

function sameFields(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
