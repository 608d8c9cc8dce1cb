/// <reference types="vite/client" />

import { afterEach, describe, expect, inject, it } from "vitest";
import keysPage from "../../docs/keys.md?raw";
import { type Circle, connect, generateKeypair, type SignedDelegation } from "../src/index.ts";
import { openVault, type Vault } from "../src/vault/vault.ts";
import VaultWorker from "../src/vault/vault-worker.ts?worker";
import { connectWallet, WalletRefused, walletSigner } from "../src/wallet/index.ts";
import { EthereumWallet } from "./ethereum-wallet.ts";

const relayUrl = inject("relayUrl");
const PROMPTS = ["eth_requestAccounts", "personal_sign"];

describe("a wallet and a vault in Chromium", () => {
  const opened: (Vault | Circle)[] = [];
  const keep = <T extends Vault | Circle>(one: T): T => {
    opened.push(one);
    return one;
  };
  const open = async (name: string) => keep(await openVault({ name, worker: () => new VaultWorker() }));
  const dial = async (...[url, options]: Parameters<typeof connect>) => keep(await connect(url, options));
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });

  it("[W3] the wallet signs once for a key of the vault, which plays without a prompt, after a reload too", async () => {
    const [name, key] = [`wallet ${Date.now()}`, `delegation ${Date.now()}`];
    const account = generateKeypair();
    const wallet = new EthereumWallet(account);
    const device = await (await open(name)).create("This browser");
    const signer = await connectWallet(wallet, { device, circles: [account.publicKey], lifetimeS: 600 });
    localStorage.setItem(key, JSON.stringify(signer.delegation));
    const url = `${relayUrl}/${account.publicKey}`;

    const circle = await dial(url, { signer });
    expect(circle.caller).toBe(account.publicKey);
    const plays = Array.from({ length: 20 }, (_, i) => circle.play(({ data, args }) => data.set(`n/${args}`, args), i));
    await Promise.all(plays);
    const [first] = (await circle.log.read()).records;
    expect(first).toMatchObject({ caller: account.publicKey, device: device.publicKey });
    for (const one of opened.splice(0)) one.close();

    // What a page finds when it is loaded again: the vault and its own storage.
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as SignedDelegation;
    const again = walletSigner(await (await open(name)).signer(kept.device), kept);
    const circleAgain = await dial(url, { signer: again });
    expect(await circleAgain.play(({ data }) => data.list("n/").length)).toBe(20);
    expect(wallet.asked.map(({ method }) => method)).toEqual(PROMPTS);
    localStorage.removeItem(key);
  });

  it("[W3] the program of docs/keys.md does that, as it is printed, and the next time without a prompt", async () => {
    const account = generateKeypair();
    const wallet = new EthereumWallet(account);
    Object.assign(window, { ethereum: wallet });
    const name = `printed ${Date.now()}`;
    const doors = {
      "@circles/sdk": { connect },
      "@circles/sdk/vault": { openVault: () => open(name) },
      "@circles/sdk/wallet": { connectWallet, walletSigner },
    };
    const program = Array.from(keysPage.matchAll(/```js\n(.*?)```/gs), ([, js = ""]) => js)[2] ?? "";
    const body = program
      .replaceAll(/^import (\{.*\}) from (".*");$/gm, "const $1 = doors[$2];")
      .replace("ws://localhost:8090", relayUrl);
    const said: unknown[] = [];
    // oxlint-disable-next-line typescript/no-implied-eval -- the page's own program, as a person would paste it
    const run = new Function("doors", "console", `return (async () => {${body}})();`);
    try {
      for (let i = 0; i < 2; i++) await run(doors, { log: (text: unknown) => said.push(text) });
    } finally {
      localStorage.removeItem("delegation");
    }
    expect(said).toEqual([1, 2].map((n) => `Visit ${n}, as the account's key: ${account.publicKey}`));
    expect(wallet.asked.map(({ method }) => method)).toEqual(PROMPTS);
  });

  it("[D6] a second signature is another device, and that one turns the first away", async () => {
    const account = generateKeypair();
    const wallet = new EthereumWallet(account);
    const vault = await open(`two devices ${Date.now()}`);
    const url = `${relayUrl}/${account.publicKey}`;
    const join = async () => {
      const device = await vault.create();
      const signer = await connectWallet(wallet, { device, circles: "*", lifetimeS: 600 });
      return { device, circle: await dial(url, { signer }) };
    };
    const [lost, found] = [await join(), await join()];
    expect(await lost.circle.play("1")).toBe(1);
    expect(await found.circle.policy.revokeDevice(lost.device.publicKey)).toBe(true);
    await expect(lost.circle.play("1").played).rejects.toMatchObject({ code: -32003, data: { capability: "device" } });
    expect(await found.circle.play("1")).toBe(1);
    expect(wallet.asked.map(({ method }) => method)).toEqual([...PROMPTS, ...PROMPTS]);
  });

  it("[W3] a person who says no leaves the vault's key the peer that it is", async () => {
    const wallet = new EthereumWallet(generateKeypair());
    wallet.refuses = ["personal_sign"];
    const device = await (await open(`refused ${Date.now()}`)).create();
    const refused = connectWallet(wallet, { device, circles: "*", lifetimeS: 600 });
    await expect(refused).rejects.toBeInstanceOf(WalletRefused);
    expect((await dial(`${relayUrl}/${device.publicKey}`, { signer: device })).caller).toBe(device.publicKey);
  });
});
