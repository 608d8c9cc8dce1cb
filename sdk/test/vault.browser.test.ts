/// <reference types="vite/client" />
import { createStore, entries } from "idb-keyval";
import { afterEach, describe, expect, inject, it } from "vitest";
import { commands } from "vitest/browser";
import { connect, generateKeypair, NonceRefused } from "../src/index.ts";
import { keypairFrom, verifySignature } from "../src/keys/index.ts";
import { makeLoginNonce } from "../src/protocol/login-nonce.ts";
import { EncryptedKeyRefused, openVault, type Vault, VaultUnavailable } from "../src/vault/vault.ts";
import VaultWorker from "../src/vault/vault-worker.ts?worker";

const relayUrl = inject("relayUrl");
const host = new URL(relayUrl).host;

describe("a vault in Chromium", () => {
  let names = 0;
  const opened: Vault[] = [];
  const open = async (name = `test ${++names} ${Date.now()}`) => {
    const vault = await openVault({ name, worker: () => new VaultWorker() });
    opened.push(vault);
    return vault;
  };
  afterEach(() => {
    for (const vault of opened.splice(0)) vault.close();
  });
  const nonceFor = (circle: string) =>
    makeLoginNonce({
      circle: circle as never,
      host,
      expiresAt: Math.floor(Date.now() / 1000) + 60,
      random: "ab".repeat(32),
    });

  it("[VA1] makes identities, lists them, signs in their names, and has them again when it is opened anew", async () => {
    const name = `kept ${Date.now()}`;
    const vault = await open(name);
    const alice = await vault.create("Alice");
    const bob = await vault.create("Bob");
    vault.close();
    const again = await open(name);
    expect(await again.list()).toMatchObject([
      { publicKey: alice.publicKey, name: "Alice", createdAt: expect.any(Number) },
      { publicKey: bob.publicKey, name: "Bob" },
    ]);
    const signer = await again.signer(alice.publicKey);
    const circle = await connect(`${relayUrl}/${alice.publicKey}`, { signer });
    expect(await circle.play("CALLER_PUBLIC_KEY")).toBe(alice.publicKey);
    circle.close();
  });

  it("[VA2] signs logins for what was dialled only, as every signer", async () => {
    const alice = await (await open()).create();
    const circle = generateKeypair().publicKey;
    const signature = await alice.signLogin(nonceFor(circle), { circle, host });
    expect(verifySignature(signature, nonceFor(circle), alice.publicKey)).toBe(true);
    await expect(alice.signLogin(nonceFor(circle), { circle: alice.publicKey, host })).rejects.toThrow(NonceRefused);
  });

  it("[VA3] gives an identity away as a text that its passphrase opens, and takes one in", async () => {
    const vault = await open();
    const { publicKey } = await vault.create("Alice");
    const text = await vault.export(publicKey, "correct horse");
    expect(text).toContain(publicKey);
    const other = await open();
    await expect(other.import(text, "battery staple")).rejects.toThrow(EncryptedKeyRefused);
    await expect(
      other.import(
        text.replace(/.$/, (last) => (last === "A" ? "B" : "A")),
        "correct horse",
      ),
    ).rejects.toThrow(EncryptedKeyRefused);
    expect(await other.list()).toEqual([]);
    expect((await other.import(text, "correct horse", { name: "Alice here" })).publicKey).toBe(publicKey);
    expect(await vault.forget(publicKey)).toBe(true);
    expect(await vault.forget(publicKey)).toBe(false);
    await expect(vault.signer(publicKey)).rejects.toThrow(RangeError);
    const [before] = await other.list();
    await other.import(text, "correct horse");
    expect(await other.list()).toEqual([{ publicKey, name: "Alice here", createdAt: before?.createdAt }]);
  });

  it("[VA4] keeps secrets out of the page's memory, its storage and its console", async () => {
    const name = `secret ${Date.now()}`;
    const vault = await open(name);
    const said: string[] = [];
    const { error, log, warn } = console;
    Object.assign(
      console,
      Object.fromEntries(
        ["error", "log", "warn"].map((kind) => [kind, (...all: unknown[]) => said.push(all.join(" "))]),
      ),
    );
    const marker = `marker-${Date.now()}-${"x".repeat(20)}`;
    (globalThis as { marker?: string }).marker = marker;
    try {
      const text = await commands.encryptedKey("correct horse");
      const signer = await vault.import(text, "correct horse", { name: marker });
      await vault.import(text, "wrong").catch((failure: unknown) => console.log(failure, marker));
      const circle = await connect(`${relayUrl}/${signer.publicKey}`, { signer });
      expect(await circle.play("CALLER_PUBLIC_KEY")).toBe(signer.publicKey);
      circle.close();
      localStorage.setItem("marker", marker);
      const database = await readAll(`circles-vault-${name}`, "identities");
      const found = await commands.findSecret(marker, [database, JSON.stringify(localStorage), said.join("\n")]);
      expect(found).toEqual({ places: [], markers: [0, 1, 2, 3] });
    } finally {
      Object.assign(console, { error, log, warn });
      localStorage.clear();
    }
  });

  it("[VA4] keeps the key that opens them where no script can read it", async () => {
    const name = `wrapped ${Date.now()}`;
    await (await open(name)).create();
    const [[, key] = []] = await entries<string, CryptoKey>(createStore(`circles-vault-${name}-wrapping`, "keys"));
    expect(key).toMatchObject({ type: "secret", extractable: false });
    await expect(crypto.subtle.exportKey("raw", key as CryptoKey)).rejects.toThrow();
  });

  it("[VA4] is no wall against a script of its own origin, which can use the key that it cannot read", async () => {
    const name = `robbed ${Date.now()}`;
    const { publicKey } = await (await open(name)).create();
    const [[, wrapping] = []] = await entries<string, CryptoKey>(createStore(`circles-vault-${name}-wrapping`, "keys"));
    const [[, kept] = []] = await entries<string, { iv: BufferSource; encrypted: ArrayBuffer }>(
      createStore(`circles-vault-${name}`, "identities"),
    );
    if (!wrapping || !kept) throw new Error("test: expected a vault that keeps an identity");
    const algorithm = { name: "AES-GCM", iv: kept.iv, additionalData: new TextEncoder().encode(publicKey) };
    const secret = hex(await crypto.subtle.decrypt(algorithm, wrapping, kept.encrypted));
    expect(keypairFrom(secret).publicKey).toBe(publicKey);
  });

  it("[VA5] two pages that open a new vault at once have one key between them", async () => {
    const name = `twice ${Date.now()}`;
    const vaults = await Promise.all([open(name), open(name)]);
    const made = await Promise.all(vaults.map((vault) => vault.create()));
    for (const vault of vaults) {
      for (const { publicKey } of made) expect(await vault.export(publicKey, "x")).toContain(publicKey);
    }
  });

  it("[VA5] a worker that cannot be loaded, or is gone, is a VaultUnavailable", async () => {
    const none = () => new Worker("/nowhere.js", { type: "module" });
    await expect(openVault({ worker: none })).rejects.toThrow(VaultUnavailable);
    const vault = await open();
    const alice = await vault.create();
    vault.close();
    await expect(alice.signDelegation({} as never)).rejects.toThrow(VaultUnavailable);
  });
});

/** All bytes and texts of a store, readable. */
async function readAll(database: string, store: string): Promise<string> {
  const all = await entries<string, Record<string, unknown>>(createStore(database, store));
  const show = (value: unknown) =>
    value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? hex(value) : String(value);
  return all.map(([key, value]) => [key, ...Object.values(value).map(show)].join(" ")).join("\n");
}

function hex(value: ArrayBuffer | ArrayBufferView): string {
  const bytes = ArrayBuffer.isView(value) ? new Uint8Array(value.buffer) : new Uint8Array(value);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
