import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { delegationFields, delegationText } from "../protocol/delegation.ts";
import { playText } from "../protocol/envelope.ts";
import type { Sha256, TaskId } from "../protocol/ids.ts";
import { makeLoginNonce } from "../protocol/login-nonce.ts";
import { delegate } from "./delegation.ts";
import { DelegationRefused, deviceSigner } from "./device-signer.ts";
import { sha256Hex } from "./hash.ts";
import { generateKeypair } from "./keypair.ts";
import { NonceRefused } from "./login.ts";
import { verifyDelegation } from "./signed-delegation.ts";
import { verifySignature } from "./verify.ts";

const now = Math.floor(Date.now() / 1000);
const device = generateKeypair();
const [circle, host] = [bob.publicKey, "localhost:8090"];
const nonceAt = (time: number) => makeLoginNonce({ circle, host, expiresAt: time + 60, random: "5a".repeat(32) });
const play = {
  circle,
  caller: alice.publicKey,
  taskId: "0123456789abcdef" as TaskId,
  script: "0".repeat(64) as Sha256,
  args: "1".repeat(64) as Sha256,
  issuedAt: now,
  expiresAt: now + 60,
};

describe("delegate", () => {
  it("[E5] has the root sign for the device, from 5 minutes ago for as long as it says", async () => {
    const options = { device: `0x${device.publicKey.toUpperCase()}`, circles: [bob.publicKey], lifetimeS: 3_600 };
    const delegation = await delegate(alice, options);
    expect(delegation).toMatchObject({ root: alice.publicKey, device: device.publicKey, circles: [bob.publicKey] });
    expect(delegation.expires_at - delegation.not_before).toBe(3_900);
    expect(Math.abs(delegation.not_before + 300 - now)).toBeLessThan(30);
    expect(verifyDelegation(delegation)).toBe(true);
  });

  it("[E5] gives the whole 30 days to who asks for them, and takes both times as they are given", async () => {
    const longest = await delegate(alice, { device: device.publicKey, circles: "*", lifetimeS: 2_592_000 });
    expect(longest.expires_at - longest.not_before).toBe(2_592_000);
    const given = { device: device.publicKey, circles: "*" as const, notBefore: now + 5, expiresAt: now + 6 };
    expect(await delegate(alice, given)).toMatchObject({ not_before: now + 5, expires_at: now + 6 });
  });

  it.each<[string, Partial<Parameters<typeof delegate>[1]>]>([
    ["neither a lifetime nor an end", {}],
    ["both", { lifetimeS: 60, expiresAt: now + 60 }],
    ["more than 30 days", { lifetimeS: 2_592_001 }],
    ["no time at all", { expiresAt: now - 600 }],
    ["no circle", { lifetimeS: 60, circles: [] }],
    ["more than 100 circles", { lifetimeS: 60, circles: Array.from({ length: 101 }, () => bob.publicKey) }],
    ["a circle that is no key", { lifetimeS: 60, circles: ["bob"] }],
    ["a device that is the root", { lifetimeS: 60, device: alice.publicKey }],
  ])("[E5] refuses %s", async (_, options) => {
    await expect(delegate(alice, { device: device.publicKey, circles: "*", ...options })).rejects.toThrow(/expected/);
  });
});

describe("deviceSigner", () => {
  const made = (options: Partial<Parameters<typeof delegate>[1]> = { lifetimeS: 600 }) =>
    delegate(alice, { device: device.publicKey, circles: [circle], ...options });

  it("[D2] is the root to the outside, and signs logins with the device key", async () => {
    const delegation = await made();
    const signer = deviceSigner(device, delegation);
    expect(signer).toMatchObject({ publicKey: alice.publicKey, delegation });
    const signature = await signer.signLogin(nonceAt(now), { circle, host, now });
    expect(verifySignature(signature, nonceAt(now), device.publicKey)).toBe(true);
    expect(verifySignature(signature, nonceAt(now), alice.publicKey)).toBe(false);
    await expect(signer.signLogin(nonceAt(now), { circle, host: "other", now })).rejects.toThrow(NonceRefused);
  });

  it("[D5] signs plays of its root with the device key, and the delegation's hash in them", async () => {
    const delegation = await made();
    const signature = await deviceSigner(device, delegation).signPlay(play);
    const hash = sha256Hex(delegationText(delegationFields(delegation)));
    expect(verifySignature(signature, playText({ ...play, delegation: hash }), device.publicKey)).toBe(true);
  });

  it.each([
    ["expired", { notBefore: now - 100, expiresAt: now - 61 }],
    ["not-yet-valid", { notBefore: now + 120, expiresAt: now + 130 }],
    ["other-circle", { lifetimeS: 60, circles: [mallory.publicKey] }],
  ] as const)("[S13] says before it signs that its delegation does not count: %s", async (reason, options) => {
    const signer = deviceSigner(device, await made(options));
    const refused = expect.objectContaining({ name: "DelegationRefused", reason });
    await expect(signer.signLogin(nonceAt(now), { circle, host, now })).rejects.toThrow(refused);
    await expect(signer.signPlay(play)).rejects.toThrow(refused);
    await expect(signer.signPlay(play)).rejects.toBeInstanceOf(DelegationRefused);
  });

  it("[S13] takes the relay's time, not its own: the clock that counts is in the nonce", async () => {
    const signer = deviceSigner(device, await made({ notBefore: now - 60, expiresAt: now + 60 }));
    await signer.signLogin(nonceAt(now), { circle, host, now: now - 250 });
    await expect(signer.signLogin(nonceAt(now + 250), { circle, host, now })).rejects.toThrow(DelegationRefused);
  });

  it("[D1] delegates nothing itself, and plays in nobody else's name", async () => {
    const signer = deviceSigner(device, await made());
    const onward = delegate(signer, { device: mallory.publicKey, circles: "*", lifetimeS: 60 });
    await expect(onward).rejects.toThrow("expected a root key to sign it, got a device key");
    await expect(signer.signPlay({ ...play, caller: device.publicKey })).rejects.toThrow(TypeError);
    await expect(signer.signPlay({ ...play, caller: bob.publicKey })).rejects.toThrow(TypeError);
  });

  it("[D1] is not made of another device key, of a device signer, nor of a wallet's delegation", async () => {
    const delegation = await made();
    expect(() => deviceSigner(mallory, delegation)).toThrow(TypeError);
    expect(() => deviceSigner(deviceSigner(device, delegation), delegation)).toThrow(TypeError);
    expect(() => deviceSigner(device, { ...delegation, scheme: "eip191" })).toThrow("walletSigner");
  });
});
