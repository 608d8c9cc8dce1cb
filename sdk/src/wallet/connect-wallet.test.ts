import { describe, expect, it } from "vitest";
import { EthereumWallet, packed, personalSignature, withHighS } from "../../test/ethereum-wallet.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { delegate } from "../keys/delegation.ts";
import { ethereumAddress } from "../keys/ethereum.ts";
import { sha256Hex } from "../keys/hash.ts";
import { generateKeypair } from "../keys/keypair.ts";
import { signedDelegationText, verifyDelegation } from "../keys/signed-delegation.ts";
import { verifySignature } from "../keys/verify.ts";
import { playText } from "../protocol/envelope.ts";
import type { Sha256, TaskId } from "../protocol/ids.ts";
import { connectWallet, walletSigner } from "./connect-wallet.ts";

const device = generateKeypair();
const options = { device, circles: [bob.publicKey], lifetimeS: 3_600 };

describe("connectWallet", () => {
  it("[W3] the wallet's key is the peer, and was asked once, in words", async () => {
    const wallet = new EthereumWallet(alice);
    const signer = await connectWallet(wallet, options);
    expect(signer.publicKey).toBe(alice.publicKey);
    expect(wallet.asked.map(({ method }) => method)).toEqual(["eth_requestAccounts", "personal_sign"]);
    const [text = ""] = wallet.shown;
    for (const said of [ethereumAddress(alice.publicKey), device.publicKey, bob.publicKey])
      expect(text).toContain(said);
    const { delegation } = signer;
    if (!delegation) throw new Error("expected a delegation, got none");
    expect(delegation).toMatchObject({ scheme: "eip191", device: device.publicKey });
    expect(signedDelegationText(delegation)).toBe(text);
    expect(verifyDelegation(delegation)).toBe(true);
  });

  it("[W3] plays are signed by the device without asking, under the delegation's hash", async () => {
    const wallet = new EthereumWallet(alice);
    const signer = await connectWallet(wallet, options);
    const issuedAt = Math.floor(Date.now() / 1000);
    const play = {
      circle: bob.publicKey,
      caller: alice.publicKey,
      taskId: "0123456789abcdef" as TaskId,
      script: "0".repeat(64) as Sha256,
      args: "1".repeat(64) as Sha256,
      issuedAt,
      expiresAt: issuedAt + 60,
    };
    const signature = await signer.signPlay(play);
    const delegation = sha256Hex(wallet.shown[0] ?? "");
    expect(verifySignature(signature, playText({ ...play, delegation }), device.publicKey)).toBe(true);
    expect(wallet.asked).toHaveLength(2);
  });

  it("[W3] after a reload the kept delegation makes the same signer", async () => {
    const signer = await connectWallet(new EthereumWallet(alice), options);
    const kept = JSON.parse(JSON.stringify(signer.delegation)) as NonNullable<typeof signer.delegation>;
    expect(walletSigner(device, kept)).toMatchObject({ publicKey: alice.publicKey, delegation: kept });
    expect(() => walletSigner(generateKeypair(), kept)).toThrow(TypeError);
    const plain = await delegate(alice, { ...options, device: device.publicKey });
    expect(() => walletSigner(device, plain)).toThrow("deviceSigner");
  });

  it.each<[string, (signature: string) => string]>([
    ["0 or 1 for v", (signature) => `${signature.slice(0, 130)}0${Number(signature.endsWith("1c"))}`],
    ["the high s", withHighS],
    ["64 bytes", packed],
  ])("[W2] a wallet that answers with %s is as good", async (_, alter) => {
    const wallet = new EthereumWallet(alice);
    wallet.alter = alter;
    const { delegation, publicKey } = await connectWallet(wallet, options);
    expect(publicKey).toBe(alice.publicKey);
    expect(delegation && verifyDelegation(delegation)).toBe(true);
  });

  it.each(["eth_requestAccounts", "personal_sign"])("[W3] a person who says no to %s is told apart", async (method) => {
    const wallet = new EthereumWallet(alice);
    wallet.refuses = [method];
    await expect(connectWallet(wallet, options)).rejects.toMatchObject({
      name: "WalletRefused",
      code: 4001,
      cause: { message: "User rejected the request." },
    });
  });

  it.each<[string, (wallet: EthereumWallet) => void]>([
    [
      "another account's signature",
      (wallet) => (wallet.alter = () => personalSignature(mallory, wallet.shown[0] ?? "")),
    ],
    [
      "a signature over another text",
      (wallet) => (wallet.alter = () => personalSignature(alice, `${wallet.shown[0]} `)),
    ],
    ["a contract's signature", (wallet) => (wallet.alter = () => `0x${"00".repeat(320)}`)],
    ["nothing", (wallet) => (wallet.alter = () => null)],
    ["no account", (wallet) => wallet.change()],
  ])("[W2] a wallet that gives %s is refused", async (_, spoil) => {
    const wallet = new EthereumWallet(alice);
    spoil(wallet);
    await expect(connectWallet(wallet, options)).rejects.toMatchObject({ name: "WalletRefused", code: undefined });
  });

  it("[W3] a wallet that changes its account meanwhile signs for nobody", async () => {
    const wallet = new EthereumWallet(alice);
    const request = wallet.request.bind(wallet);
    wallet.request = async (call) => {
      if (call.method === "personal_sign") wallet.change(mallory);
      return request(call);
    };
    await expect(connectWallet(wallet, options)).rejects.toMatchObject({ name: "WalletRefused", code: 4100 });
  });

  it("[W3] another account is another peer, and the signer of the one before stays what it was", async () => {
    const wallet = new EthereumWallet(alice);
    const before = await connectWallet(wallet, options);
    wallet.change(mallory, alice);
    expect(await connectWallet(wallet, options)).toMatchObject({ publicKey: mallory.publicKey });
    expect(before.publicKey).toBe(alice.publicKey);
    const account = ethereumAddress(alice.publicKey).toLowerCase();
    expect(await connectWallet(wallet, { ...options, account })).toMatchObject({ publicKey: alice.publicKey });
    const unknown = { ...options, account: ethereumAddress(bob.publicKey) };
    await expect(connectWallet(wallet, unknown)).rejects.toThrow("expected the account, got none");
    await expect(connectWallet(wallet, { ...options, account: "alice" })).rejects.toThrow(TypeError);
  });

  it("[W3] options that make no delegation are refused before the wallet is asked", async () => {
    const wallet = new EthereumWallet(alice);
    await expect(connectWallet(wallet, { ...options, circles: ["bob"] })).rejects.toThrow(TypeError);
    await expect(connectWallet(wallet, { ...options, expiresAt: 1 })).rejects.toThrow(TypeError);
    await expect(connectWallet(wallet, { ...options, lifetimeS: 10 ** 9 })).rejects.toThrow(RangeError);
    expect(wallet.shown).toEqual([]);
  });

  it("[W1] a wallet whose account is the device itself makes no peer", async () => {
    await expect(connectWallet(new EthereumWallet(device), options)).rejects.toThrow(TypeError);
  });
});
