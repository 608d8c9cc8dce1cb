import type { PublicKey } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { CoolDown } from "./cool-down.ts";

const bobs = { circle: alice.publicKey, caller: bob.publicKey };
const alices = { circle: alice.publicKey, caller: alice.publicKey };

describe("CoolDown", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("[WK9] lasts a minute from the last time, for one caller", () => {
    const coolDown = new CoolDown();
    coolDown.start(bobs);
    expect([coolDown.left(bobs), coolDown.left(alices)]).toEqual([60_000, 0]);
    vi.advanceTimersByTime(59_999);
    expect(coolDown.left(bobs)).toBe(1);
    coolDown.start(bobs);
    vi.advanceTimersByTime(59_999);
    expect(coolDown.left(bobs)).toBe(1);
    vi.advanceTimersByTime(1);
    expect(coolDown.left(bobs)).toBe(0);
  });

  it("[WK9] of one caller does not end another's", () => {
    const coolDown = new CoolDown();
    coolDown.start(alices);
    vi.advanceTimersByTime(30_000);
    for (let i = 0; i < 100; i++)
      coolDown.start({ circle: alice.publicKey, caller: `02${String(i).padStart(64, "0")}` as PublicKey });
    coolDown.start(bobs);
    vi.advanceTimersByTime(30_000);
    coolDown.start(alices);
    expect([coolDown.left(alices), coolDown.left(bobs)]).toEqual([60_000, 30_000]);
  });

  it("[WK9] is that of the circle, whose library it may have been; of an owner in her own circle everywhere", () => {
    const coolDown = new CoolDown();
    coolDown.start(bobs);
    expect(coolDown.left({ circle: bob.publicKey, caller: bob.publicKey })).toBe(0);
    coolDown.start(alices);
    expect(coolDown.left({ circle: bob.publicKey, caller: alice.publicKey })).toBe(60_000);
  });
});
