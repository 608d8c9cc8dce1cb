import type { PublicKey } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { CoolDown } from "./cool-down.ts";

describe("CoolDown", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("[WK9] lasts a minute from the last time, for one caller", () => {
    const coolDown = new CoolDown();
    coolDown.start(bob.publicKey);
    expect([coolDown.left(bob.publicKey), coolDown.left(alice.publicKey)]).toEqual([60_000, 0]);
    vi.advanceTimersByTime(59_999);
    expect(coolDown.left(bob.publicKey)).toBe(1);
    coolDown.start(bob.publicKey);
    vi.advanceTimersByTime(59_999);
    expect(coolDown.left(bob.publicKey)).toBe(1);
    vi.advanceTimersByTime(1);
    expect(coolDown.left(bob.publicKey)).toBe(0);
  });

  it("[WK9] of one caller does not end another's", () => {
    const coolDown = new CoolDown();
    coolDown.start(alice.publicKey);
    vi.advanceTimersByTime(30_000);
    for (let i = 0; i < 100; i++) coolDown.start(`02${String(i).padStart(64, "0")}` as PublicKey);
    coolDown.start(bob.publicKey);
    vi.advanceTimersByTime(30_000);
    coolDown.start(alice.publicKey);
    expect([coolDown.left(alice.publicKey), coolDown.left(bob.publicKey)]).toEqual([60_000, 30_000]);
  });
});
