import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alice, bob, mallory } from "./people.ts";
import { type RelayProcess, startRelayProcess } from "./relay-process.ts";
import { statusOf } from "./status-of.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";
import { Wire } from "./wire.ts";

describe("a relay behind a proxy", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let relay: RelayProcess;
  const wires: Wire[] = [];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(async () => {
    for (const wire of wires.splice(0)) wire.close();
    await relay.kill("SIGKILL");
    await folder.remove();
  });

  const start = async (...args: string[]) => {
    const given = ["--port", "0", "--threads", "1", "--db-path", join(folder.path, "circles")];
    relay = await startRelayProcess([...given, ...args]);
  };
  const behind = (...args: string[]) => start("--trust-proxy", "127.0.0.1", ...args);
  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
  const dial = async (address: string) => {
    const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`, from(address));
    wires.push(wire);
    return wire;
  };
  const refusal = (address: string) => Wire.refusal(`${relay.url}/${alice.publicKey}`, from(address));

  it("[OP8] an address has as many connections as it may; another has its own, and one that ends makes room", async () => {
    await behind("--connections-per-address", "2");
    const [first] = [await dial("192.0.2.1"), await dial("192.0.2.1")];
    const refused = await refusal("192.0.2.1");
    expect(refused).toMatchObject({ status: 429, body: expect.stringMatching(/address: expected fewer connections/) });
    expect(await refusal("198.51.100.7, 192.0.2.1")).toMatchObject({ status: 429 }); // whatever it says of itself
    await dial("192.0.2.2");
    first.close();
    await first.closed;
    await dial("192.0.2.1");
    await statusOf(relay).counts({ 'circles_connections_refused_total{reason="address_limit"}': 2 });
  });

  it("[OP8] the addresses of one IPv6 network count as one", async () => {
    await behind("--connections-per-address", "1");
    await dial("2001:db8::1");
    expect(await refusal("2001:db8:0:0:ffff::2")).toMatchObject({ status: 429 });
    await dial("2001:db8:0:1::1");
  });

  it("[OP9] an address that tries too many logins is told when to try again, and another is not", async () => {
    await behind("--logins-per-address", "3");
    for (const [i, peer] of [alice, bob, mallory].entries()) {
      const wire = await dial("192.0.2.1");
      if (i > 0) await wire.login(peer);
      else expect(await wire.call("authenticate", { pubkey: peer.publicKey, signature: "0" })).toHaveProperty("error");
    }
    const late = await dial("192.0.2.1");
    await late.call("fetch_nonce", { pubkey: bob.publicKey });
    expect(await late.call("authenticate", { pubkey: bob.publicKey, signature: "0".repeat(128) })).toMatchObject({
      error: {
        code: -32007,
        data: { limit: "logins_per_minute_per_address", allowed: 3, retry_after_ms: expect.any(Number) },
      },
    });
    expect(await late.call("rpc.discover")).toHaveProperty("result");
    await (await dial("192.0.2.2")).login(bob);
    await statusOf(relay).counts({
      'circles_logins_total{result="busy"}': 1,
      'circles_limits_reached_total{limit="logins_per_minute_per_address"}': 1,
    });
  });

  it("[OP9] a key has as many logins a minute as it may, and whoever only names it takes none of them", async () => {
    await start("--logins-per-key", "2");
    const dialHere = async () => {
      const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`);
      wires.push(wire);
      return wire;
    };
    for (let i = 0; i < 5; i++) {
      const wire = await dialHere();
      await wire.call("fetch_nonce", { pubkey: alice.publicKey });
      const forged = { pubkey: alice.publicKey, signature: "0".repeat(128) };
      expect(await wire.call("authenticate", forged)).toMatchObject({ error: { code: -32002 } });
    }
    await (await dialHere()).login(alice);
    await (await dialHere()).login(alice);
    await expect((await dialHere()).login(alice)).rejects.toThrow(/logins_per_minute_per_key is at its limit of 2/);
    await (await dialHere()).login(bob);
  });

  it("[OP10] X-Forwarded-For counts for nothing where no proxy is trusted, and the log says so once", async () => {
    await start("--connections-per-address", "1");
    await dial("192.0.2.1");
    await dial("192.0.2.1"); // both from this machine, which has no limit
    await expect.poll(() => relay.stderr().match(/X-Forwarded-For came from no --trust-proxy/g)).toHaveLength(1);
  });
});
