import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTarget } from "./target.ts";
import { visitedCircle } from "./visit.ts";

describe("whose circle is meant", () => {
  const relay = "ws://localhost:8090";
  const [mine, other] = [`02${"a".repeat(64)}`, `03${"b".repeat(64)}`];
  const peer = { relay, ownUrl: `${relay}/${mine}` };

  it.each([
    ["", `${relay}/${mine}`],
    ["  ", `${relay}/${mine}`],
    [other, `${relay}/${other}`],
    [`wss://example.org/${other}`, `wss://example.org/${other}`],
    [`https://example.org/#visit=${encodeURIComponent(`wss://example.org/${other}`)}`, `wss://example.org/${other}`],
  ])("[PG11] %j", (text, url) => {
    expect(parseTarget(text, peer)).toBe(url);
  });

  it.each([
    "bob",
    `http://example.org/${other}`,
    `ws://example.org/path/${other}`,
    `javascript:alert(1)//${other}`,
    "#visit=javascript%3Aalert(1)",
    "#visit=%E0%A4%A",
    `wss://localhost:8090@example.org/${other}`,
    `ws://user@[/${other}x`,
  ])("[PG11] refuses %j", (text) => {
    expect(() => parseTarget(text, peer)).toThrow(/circle: expected a public key/);
  });

  it("[PG11] any text names a circle or is refused; any link is read or is none", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => visitedCircle(text)).not.toThrow();
        try {
          expect(parseTarget(text, peer)).toMatch(/^wss?:\/\/[^/]+\/0[23][0-9a-f]{64}$/);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
    );
  });
});
