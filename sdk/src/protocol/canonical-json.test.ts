import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyJson } from "../../test/arbitraries.ts";
import { canonicalJson } from "./canonical-json.ts";

describe("canonicalJson", () => {
  it("[J1] reads back as the value that was written", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(withoutMinusZero(value));
      }),
    );
  });

  it("[J1] is the same for a value and for what any other JSON text of it reads back as", () => {
    fc.assert(
      fc.property(anyJson, fc.nat(8), (value, indent) => {
        expect(canonicalJson(JSON.parse(JSON.stringify(value, null, indent)))).toBe(canonicalJson(value));
      }),
    );
  });

  it("[J1] does not depend on the order of members", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), anyJson), (value) => {
        expect(canonicalJson(Object.fromEntries(Object.entries(value).toReversed()))).toBe(canonicalJson(value));
      }),
    );
  });

  it("[J1] has the names of every object in the order of their UTF-16 units", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1 })), (names) => {
        const text = canonicalJson(Object.fromEntries(names.map((name) => [`_${name}`, 0])));
        const written = [...text.matchAll(/("(?:[^"\\]|\\.)*"):0/g)].map(
          ([, name]) => JSON.parse(name ?? "") as string,
        );
        expect(written).toEqual(names.map((name) => `_${name}`).toSorted((a, b) => (a < b ? -1 : 1)));
      }),
    );
  });

  it("[J1] tells any two values apart that JSON tells apart", () => {
    fc.assert(
      fc.property(anyJson, anyJson, (one, other) => {
        const same = canonicalJson(one) === canonicalJson(other);
        expect(same).toBe(isDeepEqual(withoutMinusZero(one), withoutMinusZero(other)));
      }),
    );
  });

  it("[E2] writes null for no arguments", () => {
    expect(canonicalJson(undefined)).toBe("null");
  });

  it.each<[string, unknown, string]>([
    ["members that are undefined are left out", { a: undefined, b: 1 }, '{"b":1}'],
    ["undefined in arrays is null", [undefined, 1], "[null,1]"],
    ["holes in arrays are null", Object.assign(Array(3), { 1: 1 }), "[null,1,null]"],
    ["a date is what its toJSON says", { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ["toJSON hears the name of its member", { a: { toJSON: (key: string) => key } }, '{"a":"a"}'],
    ["toJSON may leave a member out", { a: { toJSON: () => undefined } }, "{}"],
    ["a boxed primitive is what is in it", [new Number(1), new String("a"), new Boolean(false)], '[1,"a",false]'],
    ["a map has no members", new Map([["a", 1]]), "{}"],
    ["inherited members do not count", Object.create({ a: 1 }), "{}"],
    ["an object without a prototype is an object", Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ])("[J1] writes what JSON.stringify would: %s", (_, value, text) => {
    expect(canonicalJson(value)).toBe(text);
    expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(text);
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  it.each<[string, unknown]>([
    ["NaN", Number.NaN],
    ["infinity", { a: [Number.POSITIVE_INFINITY] }],
    ["a bigint", 1n],
    ["a boxed bigint", Object(1n)],
    ["a function", [() => 1]],
    ["a symbol", { a: Symbol("a") }],
    ["an array that holds itself", cycle],
    ["a lone surrogate", "\ud800"],
    ["a lone surrogate in a name", { "\udc00": 1 }],
  ])("[J2] refuses %s", (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  it("[J2] refuses every text with a lone surrogate and no other", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.integer({ min: 0xd800, max: 0xdfff }),
        fc.nat(),
        (text, unit, at) => {
          const place = at % (text.length + 1);
          const spoilt = text.slice(0, place) + String.fromCharCode(unit) + text.slice(place);
          if (spoilt.isWellFormed()) expect(JSON.parse(canonicalJson(spoilt))).toBe(spoilt);
          else expect(() => canonicalJson(spoilt)).toThrow(TypeError);
        },
      ),
    );
  });

  it("[J2] writes 128 levels and refuses 129, however they are mixed", () => {
    const nest = (levels: number): unknown =>
      levels === 0 ? 1 : levels % 2 ? [nest(levels - 1)] : { a: nest(levels - 1) };
    expect(canonicalJson(nest(128))).toHaveLength(64 * 2 + 64 * 6 + 1);
    expect(() => canonicalJson(nest(129))).toThrow(TypeError);
  });
});

/** JSON.stringify and RFC 8785 write -0 as 0. */
function withoutMinusZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => {
    return (
      Object.hasOwn(other, name) &&
      isDeepEqual((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name])
    );
  });
}
