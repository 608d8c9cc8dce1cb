import { type Circle, connect, delegate, deviceSigner, generateKeypair, type Signer } from "@circles/sdk";
import { connectWallet, walletSigner } from "@circles/sdk/wallet";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { EthereumWallet } from "../../sdk/test/ethereum-wallet.ts";
import type { RunningRelay } from "../src/bin/relay.ts";
import { startRelayInProcess } from "./relay-in-process.ts";

/** Writes once, and then reads for as long as it may. */
const READ_FOREVER = `data.set("mine", 1); print("running"); for (;;) data.get("mine");`;

describe("a peer with devices", () => {
  let relay: RunningRelay;
  const circles: Circle[] = [];
  beforeAll(async () => {
    relay = await startRelayInProcess({ threads: 2 });
  });
  afterAll(() => relay.close());
  afterEach(() => {
    for (const circle of circles.splice(0)) circle.close();
  });

  const dial = async (signer: Signer, owner: string = signer.publicKey) => {
    const circle = await connect(`${relay.url}/${owner}`, { signer });
    circles.push(circle);
    return circle;
  };
  const deviceOf = async (root: Signer, circles: "*" | string[] = "*") => {
    const device = generateKeypair();
    const delegation = await delegate(root, { device: device.publicKey, circles, lifetimeS: 600 });
    return { device, signer: deviceSigner(device, delegation) };
  };

  it("[WK22] is the caller of what they play, and the log tells which of them it was", async () => {
    const root = generateKeypair();
    const phone = await deviceOf(root);
    const circle = await dial(phone.signer);
    expect(circle.caller).toBe(root.publicKey);
    expect(await circle.play("data.set('n', 1); CALLER_PUBLIC_KEY")).toBe(root.publicKey);
    expect(await (await dial(root)).play(({ data }) => data.get("n"))).toBe(1);
    const { records } = await circle.log.read();
    const devices = records.map((record) => (record.kind === "play" ? record.device : undefined));
    expect(devices).toEqual([phone.device.publicKey, undefined]);
  });

  it("[GW19] plays where the delegation says, and nowhere else", async () => {
    const [root, owner] = [generateKeypair(), generateKeypair()];
    const phone = await deviceOf(root, [owner.publicKey]);
    const own = await dial(owner);
    await own.policy.grant({ to: root.publicKey, allow: ["write:visits/*"] });
    await (await dial(phone.signer, owner.publicKey)).play(({ data }) => data.set("visits/1", true));
    await expect(dial(phone.signer)).rejects.toMatchObject({ name: "DelegationRefused", reason: "other-circle" });
  });

  it("[D3] is out when its delegation is over, and told why: what it played stays", async () => {
    const root = generateKeypair();
    const device = generateKeypair();
    const expiresAt = Math.floor(Date.now() / 1000) - 57; // 3 s are left of the minute for clocks that differ
    const delegation = await delegate(root, { device: device.publicKey, circles: "*", expiresAt });
    const circle = await dial(deviceSigner(device, delegation));
    await circle.play(({ data }) => data.set("mine", 1));
    const refused = { name: "DelegationRefused", reason: "expired" };
    const closed = new Promise((resolve) => circle.on("closed", ({ error }) => resolve(error.cause)));
    expect(await closed).toMatchObject(refused);
    await expect(circle.play("1").played).rejects.toMatchObject(refused);
    await expect(dial(deviceSigner(device, delegation))).rejects.toMatchObject(refused);
    expect(await (await dial(root)).play(({ data }) => data.get("mine"))).toBe(1);
  });

  it("[PO9] revokes one, which is out at once: what it plays, and what it is playing", async () => {
    const root = generateKeypair();
    const [phone, laptop] = [await deviceOf(root), await deviceOf(root)];
    const [phones, laptops] = [await dial(phone.signer), await dial(laptop.signer)];
    const running = phones.play(READ_FOREVER);
    for await (const _ of running) break;
    expect(await laptops.policy.revokeDevice(phone.device.publicKey)).toBe(true);
    const denied = { code: -32003, data: { capability: "device" } };
    await expect(running.played).rejects.toMatchObject(denied);
    await expect(phones.play("1").played).rejects.toMatchObject(denied);
    await expect(phones.policy.set({ grants: [] }).played).rejects.toMatchObject(denied);
    expect(await laptops.play(({ data }) => data.has("mine"))).toBe(false);
    expect(await (await dial(root)).play("1")).toBe(1);
  });

  it("[AP1] tells the owner of another circle which of them asks", async () => {
    const [root, owner] = [generateKeypair(), generateKeypair()];
    const phone = await deviceOf(root);
    const own = await dial(owner);
    await own.policy.grant({ to: "*", allow: ["write:notes/*"], approval: "ask" });
    const asking = (await dial(phone.signer, owner.publicKey)).play(({ data }) => data.set("notes/a", 1));
    for await (const { kind } of asking) if (kind === "waiting") break;
    const [asked] = await own.inbox.list();
    expect(asked).toMatchObject({ caller: root.publicKey, device: phone.device.publicKey });
    await own.inbox.allow(asked?.id ?? "");
    await asking;
    const { records } = await own.log.read({ caller: root.publicKey });
    expect(records).toMatchObject([
      { status: "waiting", device: phone.device.publicKey },
      { status: "completed", device: phone.device.publicKey },
    ]);
  });

  it("[W3] that is a wallet is asked once, and plays in its own circle and others'", async () => {
    const [account, owner, device] = [generateKeypair(), generateKeypair(), generateKeypair()];
    const wallet = new EthereumWallet(account);
    const signer = await connectWallet(wallet, { device, circles: "*", lifetimeS: 600 });
    const own = await dial(signer);
    expect(own.caller).toBe(account.publicKey);
    const plays = Array.from({ length: 20 }, (_, i) => own.play(({ data, args }) => data.set(`n/${args}`, args), i));
    await Promise.all(plays);
    expect(await own.play(({ data }) => data.list("n/").length)).toBe(20);
    await (await dial(owner)).policy.grant({ to: account.publicKey, allow: ["write:visits/*"] });
    await (await dial(signer, owner.publicKey)).play(({ data }) => data.set("visits/1", true));
    expect(wallet.asked.map(({ method }) => method)).toEqual(["eth_requestAccounts", "personal_sign"]);
    const kept = JSON.parse(JSON.stringify(signer.delegation)) as NonNullable<Signer["delegation"]>;
    expect(await (await dial(walletSigner(device, kept))).play("CALLER_PUBLIC_KEY")).toBe(account.publicKey);
  });
});
