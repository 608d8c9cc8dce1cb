import { type Remote, wrap } from "comlink";
import { EncryptedKeyRefused } from "../keys/encrypted-key-refused.ts";
import { NonceRefused } from "../keys/login.ts";
import type { Dialled, Signer } from "../keys/signer.ts";
import type { DelegationFields } from "../protocol/delegation.ts";
import type { PlayFields } from "../protocol/envelope.ts";
import type { Nonce, PublicKey, Signature } from "../protocol/ids.ts";
import type { Identity } from "./key-store.ts";
import type { VaultKeeper } from "./vault-keeper.ts";

export { EncryptedKeyRefused } from "../keys/encrypted-key-refused.ts";
export type { Identity } from "./key-store.ts";

export type VaultOptions = {
  /** Vaults of other names know nothing of each other. Default `default`. */
  readonly name?: string;
  /** Makes the worker in which the keys are used, where a bundler needs to be told. Default: `vault-worker.js` beside this module. */
  readonly worker?: () => Worker;
};

/** There can be no vault: the page is not served by https or from this machine, or its browser has no IndexedDB. */
export class VaultUnavailable extends Error {
  override name = "VaultUnavailable";
}

/**
 * Opens the vault of this page's origin. Secret keys lie in IndexedDB, encrypted with a WebCrypto key that cannot be exported, and
 * are used inside a worker only: no memory, log or error of the page holds one. A hostile script of this origin can
 * still ask for signatures, and decrypt what is there as the worker does; so can who copies the browser's profile.
 * Rejects with `VaultUnavailable`.
 */
export async function openVault({ name = "default", worker = makeWorker }: VaultOptions = {}): Promise<Vault> {
  if (globalThis.crypto?.subtle === undefined || globalThis.indexedDB === undefined) {
    throw new VaultUnavailable("vault: expected a page from https or localhost, and a browser with IndexedDB");
  }
  const vault = new Vault(worker());
  await vault.open(name);
  return vault;
}

/** Identities whose secret keys nobody sees. */
export class Vault {
  readonly #worker: Worker;
  readonly #keeper: Remote<VaultKeeper>;
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => {};

  /** For `openVault`. */
  constructor(worker: Worker) {
    this.#worker = worker;
    this.#keeper = wrap<VaultKeeper>(worker);
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {}); // heard of by whoever waits
    worker.addEventListener("error", ({ message }) =>
      this.#fail(new VaultUnavailable(`vault: its worker failed: ${message || "it could not be loaded"}`)),
    );
  }

  /** For `openVault`. */
  async open(name: string): Promise<void> {
    await this.#ask(() => this.#keeper.open(name));
    await this.list();
  }

  /** Oldest first. */
  list(): Promise<Identity[]> {
    return this.#ask(() => this.#keeper.list());
  }

  /** Makes a key. */
  async create(name = ""): Promise<Signer> {
    const { publicKey } = await this.#ask(() => this.#keeper.create(name));
    return this.#signer(publicKey);
  }

  /** Who signs in the name of an identity. Rejects with `RangeError` if it is not here. */
  async signer(publicKey: string): Promise<Signer> {
    const identity = (await this.list()).find((one) => one.publicKey === publicKey);
    if (identity) return this.#signer(identity.publicKey);
    throw new RangeError("vault: expected the key of an identity that is here, got another");
  }

  /** The identity as a text that only `passphrase` opens: a backup. Takes most of a second. */
  export(publicKey: string, passphrase: string): Promise<string> {
    return this.#ask(() => this.#keeper.export(publicKey as PublicKey, passphrase));
  }

  /** Brings an identity in. Rejects with `EncryptedKeyRefused` if text or passphrase are wrong. */
  async import(text: string, passphrase: string, { name = "" }: { readonly name?: string } = {}): Promise<Signer> {
    const { publicKey } = await this.#ask(() => this.#keeper.import(text, passphrase, name));
    return this.#signer(publicKey);
  }

  /** Deletes an identity; without a backup nobody can be it again. Answers whether it was here. */
  forget(publicKey: string): Promise<boolean> {
    return this.#ask(() => this.#keeper.forget(publicKey as PublicKey));
  }

  /** Ends the worker. The identities stay. */
  close(): void {
    this.#worker.terminate();
    this.#fail(new VaultUnavailable("vault: closed"));
  }

  #signer(publicKey: PublicKey): Signer {
    const keeper = this.#keeper;
    return {
      publicKey,
      signLogin: (nonce: Nonce, dialled: Dialled): Promise<Signature> =>
        this.#ask(() => keeper.signLogin(publicKey, nonce, dialled)),
      signPlay: (fields: PlayFields): Promise<Signature> => this.#ask(() => keeper.signPlay(publicKey, fields)),
      signDelegation: (fields: DelegationFields): Promise<Signature> =>
        this.#ask(() => keeper.signDelegation(publicKey, fields)),
    };
  }

  /** A worker that is gone answers nobody. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([this.#failed, question()]);
    } catch (error) {
      throw named(error);
    }
  }
}

/** An error from the worker arrives as a plain one with its name. */
function named(error: unknown): unknown {
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  const { name, message } = error;
  if (name === "NonceRefused") return new NonceRefused(message, { cause: error });
  if (name === "EncryptedKeyRefused") return new EncryptedKeyRefused(message, { cause: error });
  if (name === "TypeError") return new TypeError(message, { cause: error });
  if (name === "RangeError") return new RangeError(message, { cause: error });
  return error;
}

function makeWorker(): Worker {
  return new Worker(new URL("./vault-worker.js", import.meta.url), { type: "module", name: "circles-vault" });
}
