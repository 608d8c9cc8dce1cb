import type { Nonce } from "@circles/sdk/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { startRelayInProcess } from "../../test/relay-in-process.ts";
import { Wire } from "../../test/wire.ts";
import type { RunningRelay } from "../bin/relay.ts";

describe("logging in", () => {
  let relay: RunningRelay;
  const wires: Wire[] = [];
  beforeAll(async () => {
    relay = await startRelayInProcess();
  });
  afterAll(() => relay.close());
  afterEach(() => {
    for (const wire of wires.splice(0)) wire.close();
  });

  const dial = async (circle: string = alice.publicKey) => {
    const wire = await Wire.dial(`${relay.url}/${circle}`);
    wires.push(wire);
    return wire;
  };

  it("[GW4] a login takes keys in every form people write them in", async () => {
    const wire = await dial(`0x${alice.publicKey.toUpperCase()}`);
    const { result } = await wire.call("fetch_nonce", { pubkey: `0x${alice.publicKey}` });
    const { nonce } = result as { nonce: Nonce };
    const host = new URL(relay.url).host;
    const signature = await alice.signLogin(nonce, { circle: alice.publicKey, host });
    expect(await wire.call("authenticate", { pubkey: alice.publicKey.toUpperCase(), signature })).toMatchObject({
      result: { authenticated: true },
    });
  });

  it("[GW5] a connection fetches 32 nonces and no more, and the last is still good", async () => {
    const wire = await dial();
    for (let i = 0; i < 31; i++)
      expect(await wire.call("fetch_nonce", { pubkey: bob.publicKey })).toHaveProperty("result");
    const { result } = await wire.call("fetch_nonce", { pubkey: alice.publicKey });
    const refused = await wire.call("fetch_nonce", { pubkey: alice.publicKey });
    expect(refused).toMatchObject({ error: { code: -32007, data: { limit: "nonces", allowed: 32 } } });
    const { nonce } = result as { nonce: Nonce };
    const signature = await alice.signLogin(nonce, { circle: alice.publicKey, host: new URL(relay.url).host });
    expect(await wire.call("authenticate", { pubkey: alice.publicKey, signature })).toHaveProperty("result");
  });

  describe("[GW5] invalid credentials are answered with -32002 and end the connection:", () => {
    const fetchNonce = async (wire: Wire, pubkey: string = alice.publicKey) =>
      ((await wire.call("fetch_nonce", { pubkey })).result as { nonce: Nonce }).nonce;
    const sign = (nonce: Nonce, signer = alice) =>
      signer.signLogin(nonce, { circle: alice.publicKey, host: new URL(relay.url).host });
    const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

    it.each<[string, (wire: Wire) => Promise<{ pubkey: string; signature: string }>]>([
      ["no nonce was fetched", async () => ({ pubkey: alice.publicKey, signature: "0".repeat(128) })],
      [
        "another key's signature",
        async (wire) => ({ pubkey: alice.publicKey, signature: await sign(await fetchNonce(wire), bob) }),
      ],
      [
        "another key than the nonce was fetched for",
        async (wire) => ({ pubkey: bob.publicKey, signature: await sign(await fetchNonce(wire), bob) }),
      ],
      [
        "another connection's nonce",
        async (wire) => {
          await fetchNonce(wire);
          return { pubkey: alice.publicKey, signature: await sign(await fetchNonce(await dial())) };
        },
      ],
      [
        "a nonce before the last",
        async (wire) => {
          const first = await fetchNonce(wire);
          await fetchNonce(wire);
          return { pubkey: alice.publicKey, signature: await sign(first) };
        },
      ],
      [
        "high s",
        async (wire) => {
          const signature = await sign(await fetchNonce(wire));
          const s = ORDER - BigInt(`0x${signature.slice(64)}`);
          return { pubkey: alice.publicKey, signature: signature.slice(0, 64) + s.toString(16).padStart(64, "0") };
        },
      ],
      [
        "DER",
        async (wire) => {
          const signature = await sign(await fetchNonce(wire));
          const der = `3044022${signature.slice(1, 2)}${signature}`;
          return { pubkey: alice.publicKey, signature: der };
        },
      ],
      [
        "r and s of zero",
        async (wire) => {
          await fetchNonce(wire);
          return { pubkey: alice.publicKey, signature: "0".repeat(128) };
        },
      ],
      [
        "hex in upper case",
        async (wire) => ({ pubkey: alice.publicKey, signature: (await sign(await fetchNonce(wire))).toUpperCase() }),
      ],
    ])("%s", async (_, credentials) => {
      const wire = await dial();
      const answer = await wire.call("authenticate", await credentials(wire));
      expect(answer).toMatchObject({ error: { code: -32002 } });
      expect(await wire.closed).toMatchObject({ code: 1008 });
    });

    it("a nonce that was used", async () => {
      const wire = await dial();
      const signature = await sign(await fetchNonce(wire));
      const credentials = { pubkey: alice.publicKey, signature };
      expect(await wire.call("authenticate", credentials)).toHaveProperty("result");
      expect(await wire.call("authenticate", credentials)).toMatchObject({ error: { code: -32002 } });
      expect(await wire.closed).toMatchObject({ code: 1008 });
    });
  });
});
