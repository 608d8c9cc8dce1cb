import { describe, expect, it } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { AddressLimits } from "./address-limits.ts";

describe("limits of addresses and keys", () => {
  it("[OP9] count anew after a minute, and tell how long that is", () => {
    let now = 0;
    const limits = new AddressLimits({ loginsPerMinutePerAddress: 2, loginsPerMinutePerKey: 1 }, () => now);
    limits.countTry("192.0.2.1");
    now = 20_000;
    limits.countTry("192.0.2.1");
    const busy = { code: -32007, data: { limit: "logins_per_minute_per_address", allowed: 2, retry_after_ms: 40_000 } };
    expect(() => limits.countTry("192.0.2.1")).toThrow(expect.objectContaining(busy));
    now = 60_000;
    limits.countTry("192.0.2.1");
    limits.countLogin(alice.publicKey);
    limits.countLogin(bob.publicKey);
    expect(() => limits.countLogin(alice.publicKey)).toThrow(/logins_per_minute_per_key/);
  });

  it.each([
    ["::1", undefined],
    ["127.3.2.1", undefined],
    ["", undefined],
    ["192.0.2.1", "192.0.2.2"],
    ["2001:db8::1", "2001:db8:0:1::1"],
    ["::2", "0:0:0:1::2"],
    ["fe80::1%eth0", "fe80:0:0:1::1%eth0"],
    ["1:2:3:4:5:6:7:8", "1:2:3:5:5:6:7:8"],
  ])("[OP8] %j is counted apart from %j", (address, other) => {
    const limits = new AddressLimits({ connectionsPerAddress: 1 });
    const leave = limits.enter(address);
    expect(leave).toBeDefined();
    expect(limits.enter(address) === undefined).toBe(other !== undefined);
    if (other !== undefined) expect(limits.enter(other)).toBeDefined();
    leave?.();
    expect(limits.enter(address)).toBeDefined();
  });

  it.each([
    ["2001:db8::1", "2001:DB8:0:0:ffff:ffff:ffff:ffff"],
    ["::2", "0:0:0:0:1:2:3:4"],
    ["1:2:3:4::", "1:2:3:4:5:6:7:8"],
    ["1:2::3:4:5:6", "1:2:0:0:9::"],
  ])("[OP8] %j is counted with %j", (address, other) => {
    const limits = new AddressLimits({ connectionsPerAddress: 1 });
    limits.enter(address);
    expect(limits.enter(other)).toBeUndefined();
  });
});
