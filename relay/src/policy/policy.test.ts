import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { open, ownerOnly } from "./policy.ts";

const circle = alice.publicKey;

describe("policies", () => {
  it("[PO1] the owner may play", () => {
    expect(ownerOnly({ circle, caller: alice.publicKey })).toEqual({ allow: true });
  });

  it.each([bob, mallory])("[PO1] nobody else may, and learns what was missing", ({ publicKey: caller }) => {
    expect(ownerOnly({ circle, caller })).toEqual({ allow: false, capability: "*" });
    expect(ownerOnly({ circle: caller, caller: circle })).toEqual({ allow: false, capability: "*" });
  });

  it.each([alice, bob, mallory])("[PO2] open lets everybody play", ({ publicKey: caller }) => {
    expect(open({ circle, caller })).toEqual({ allow: true });
  });
});
