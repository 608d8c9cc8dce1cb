import {
  type DelegateOptions,
  delegate,
  deviceSigner,
  keypairFrom,
  type SignedDelegation,
  type Signer,
} from "@circles/sdk";
import type { Nonce, TaskId } from "@circles/sdk/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { startRelayInProcess } from "../../test/relay-in-process.ts";
import { Wire } from "../../test/wire.ts";
import type { RunningRelay } from "../bin/relay.ts";
import { hashTask } from "../task.ts";

const [phone, laptop] = [keypairFrom("d0".repeat(32)), keypairFrom("d1".repeat(32))];
const now = () => Math.floor(Date.now() / 1000);

describe("logging in with a device", () => {
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
  const made = (options: Partial<DelegateOptions> = { lifetimeS: 600 }, root = alice) =>
    delegate(root, { device: phone.publicKey, circles: "*", ...options });
  /** Authenticates as the phone would, or as whoever. */
  const authenticate = async (wire: Wire, delegation: unknown, signer = phone, circle = alice.publicKey) => {
    const { result } = await wire.call("fetch_nonce", { pubkey: signer.publicKey });
    const { nonce } = result as { nonce: Nonce };
    const signature = await signer.signLogin(nonce, { circle, host: new URL(relay.url).host });
    return wire.call("authenticate", { pubkey: signer.publicKey, signature, delegation });
  };

  /** A play that this signer signs for alice's circle, whoever is logged in. */
  const playSigned = async (wire: Wire, signer: Signer, letter: string) => {
    const taskId = letter.repeat(16) as TaskId;
    const [issuedAt, expiresAt] = [now(), now() + 60];
    const play = { circle: alice.publicKey, caller: signer.publicKey, taskId, issuedAt, expiresAt };
    const signature = await signer.signPlay({ ...play, ...hashTask({ script: "1", args: "null" }) });
    const { delegation } = signer;
    const envelope = { issued_at: issuedAt, expires_at: expiresAt, signature, ...(delegation ? { delegation } : {}) };
    return wire.call("play", { script: "1", task_id: taskId, envelope });
  };

  it("[GW19] the caller is the root, whose circle is then its own", async () => {
    const wire = await dial();
    expect(await authenticate(wire, await made())).toMatchObject({ result: { authenticated: true } });
    expect(await wire.call("subscribe", { topic: "$inbox" })).toMatchObject({ result: { subscribed: true } });
    const other = await dial(bob.publicKey);
    expect(await authenticate(other, await made(), phone, bob.publicKey)).toHaveProperty("result");
    expect(await other.call("subscribe", { topic: "$inbox" })).toMatchObject({ error: { code: -32003 } });
  });

  it("[GW19] the root itself logs in as ever, and so does the device, as the peer that it is", async () => {
    const wire = await dial();
    expect(await authenticate(wire, undefined, alice)).toHaveProperty("result");
    expect(await wire.call("subscribe", { topic: "$inbox" })).toHaveProperty("result");
    expect(await authenticate(wire, undefined, phone)).toHaveProperty("result");
    expect(await wire.call("subscribe", { topic: "$inbox" })).toMatchObject({ error: { code: -32003 } });
  });

  it.each<[string, () => Promise<SignedDelegation>]>([
    ["for another circle", () => made({ lifetimeS: 600, circles: [bob.publicKey] })],
    ["for another device", () => made({ lifetimeS: 600, device: mallory.publicKey })],
    ["that has expired", () => made({ notBefore: now() - 600, expiresAt: now() - 62 })],
    ["that has not begun", () => made({ notBefore: now() + 70, expiresAt: now() + 600 })],
    ["that somebody else signed", async () => ({ ...(await made(undefined, mallory)), root: alice.publicKey })],
    ["made longer", async () => ({ ...(await made()), expires_at: now() + 86_400 })],
    ["made wider", async () => ({ ...(await made({ lifetimeS: 600, circles: [alice.publicKey] })), circles: "*" })],
    ["that a key signed and a wallet is said to have", async () => ({ ...(await made()), scheme: "eip191" })],
  ])("[GW19] a delegation %s is -32002, and ends the connection", async (_, make) => {
    const wire = await dial();
    expect(await authenticate(wire, await make())).toMatchObject({ error: { code: -32002 } });
    expect(await wire.closed).toMatchObject({ code: 1008 });
  });

  it("[GW19] somebody else's delegation is of no use to who has not the device key", async () => {
    const wire = await dial();
    expect(await authenticate(wire, await made(), mallory)).toMatchObject({ error: { code: -32002 } });
    const other = await dial();
    const { result } = await other.call("fetch_nonce", { pubkey: phone.publicKey });
    const { nonce } = result as { nonce: Nonce };
    const signature = await mallory.signLogin(nonce, { circle: alice.publicKey, host: new URL(relay.url).host });
    const given = { pubkey: phone.publicKey, signature, delegation: await made() };
    expect(await other.call("authenticate", given)).toMatchObject({ error: { code: -32002 } });
  });

  it("[GW19] what has not the form of a delegation is -32602, and another try is free", async () => {
    const wire = await dial();
    const delegation = await made();
    for (const wrong of [null, {}, { ...delegation, limits: {} }, { ...delegation, device: alice.publicKey }]) {
      expect(await authenticate(wire, wrong)).toMatchObject({ error: { code: -32602 } });
    }
    expect(await authenticate(wire, delegation)).toHaveProperty("result");
  });

  it("[GW20] the session ends when the delegation does, 60 s after its expiry, and not before", async () => {
    const wire = await dial();
    const expiresAt = now() - 58;
    expect(await authenticate(wire, await made({ notBefore: now() - 600, expiresAt }))).toHaveProperty("result");
    expect(await wire.call("unsubscribe", { topic: "$inbox" })).toHaveProperty("result");
    expect(await wire.closed).toEqual({ code: 1008, reason: "the delegation has expired" });
    expect(Date.now()).toBeGreaterThanOrEqual((expiresAt + 60) * 1000);
  });

  it("[GW20] who logs in anew on the connection before that stays", async () => {
    const wire = await dial();
    const expiresAt = now() - 58;
    await authenticate(wire, await made({ notBefore: now() - 600, expiresAt }));
    expect(await authenticate(wire, await made())).toHaveProperty("result");
    await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan((expiresAt + 61) * 1000);
    expect(await wire.call("unsubscribe", { topic: "$inbox" })).toHaveProperty("result");
  });

  it("[GW21] a device's session plays what is signed and nothing else", async () => {
    const wire = await dial();
    await authenticate(wire, await made());
    const unsigned = { error: { code: -32602, data: { param: "envelope" } } };
    expect(await wire.call("play", { script: "1" })).toMatchObject(unsigned);
    expect(await wire.call("play", { script: "1", task_id: "a".repeat(16) })).toMatchObject(unsigned);
  });

  it("[D4] nor does it subscribe to a topic without a signature", async () => {
    const wire = await dial();
    await authenticate(wire, await made());
    const unsigned = { error: { code: -32602, data: { param: "envelope" } } };
    expect(await wire.call("subscribe", { topic: "chat" })).toMatchObject(unsigned);
  });

  it("[D5] who puts a delegation of his own to another's login is played nothing by that one", async () => {
    const wire = await dial();
    expect(await authenticate(wire, await made(undefined, mallory))).toHaveProperty("result");
    expect(await playSigned(wire, phone, "a")).toMatchObject({ error: { code: -32010 } });
  });

  it("[D5] a play may come under another delegation than the login's, if that is the same root's", async () => {
    const device = laptop.publicKey;
    const alices = deviceSigner(laptop, await made({ device, lifetimeS: 600 }));
    const mallorys = deviceSigner(laptop, await made({ device, lifetimeS: 600 }, mallory));
    const wire = await dial();
    await authenticate(wire, await made());
    expect(await playSigned(wire, alices, "b")).toMatchObject({ result: { output: "1" } });
    expect(await playSigned(wire, mallorys, "c")).toMatchObject({ error: { code: -32010 } });
    expect(await playSigned(wire, mallory, "d")).toMatchObject({ error: { code: -32010 } });
  });
});
