import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bob } from "../../test/people.ts";
import type { Nonce } from "../protocol/ids.ts";
import { makeLoginNonce } from "../protocol/login-nonce.ts";
import { checkNonce, NonceRefused } from "./login.ts";

const NOW = 1_800_000_000;
const dialled = { circle: bob.publicKey, host: "localhost:8090", now: NOW };

function nonceExpiringAt(expiresAt: number): Nonce {
  return makeLoginNonce({ circle: bob.publicKey, host: "localhost:8090", expiresAt, random: "5a".repeat(32) });
}

describe("checkNonce", () => {
  it("[N4] accepts lifetimes of 60 s give or take 300 by its own clock, and returns the relay's offset", () => {
    fc.assert(
      fc.property(fc.integer({ min: -2_000, max: 2_000 }), (offset) => {
        const check = () => checkNonce(nonceExpiringAt(NOW + 60 + offset), dialled);
        if (Math.abs(offset) <= 300) expect(check()).toBe(offset);
        else expect(check).toThrow(NonceRefused);
      }),
    );
  });

  it("[N4] takes the time from this machine's clock when none is given", () => {
    const { circle, host } = dialled;
    const now = Math.floor(Date.now() / 1000);
    expect(Math.abs(checkNonce(nonceExpiringAt(now + 60), { circle, host }))).toBeLessThanOrEqual(2);
    expect(() => checkNonce(nonceExpiringAt(NOW - 86_400 * 365 * 5), { circle, host })).toThrow(NonceRefused);
  });

  it.each([
    [301, /clock is .*within 300 s of this one, got one 301 s ahead of it; set the clock/],
    [-400, /within 300 s of this one, got one 400 s behind it; set the clock/],
  ])("[N4] says by how much and in which direction the clocks differ: %i s", (offset, message) => {
    expect(() => checkNonce(nonceExpiringAt(NOW + 60 + offset), dialled)).toThrow(message);
  });
});
