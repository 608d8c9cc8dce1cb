import { Keypair } from "../keys/keypair.ts";
import type { Dialled } from "../keys/signer.ts";
import type { DelegationFields } from "../protocol/delegation.ts";
import type { PlayFields } from "../protocol/envelope.ts";
import type { Nonce, PublicKey, Signature } from "../protocol/ids.ts";
import { type Identity, KeyStore } from "./key-store.ts";

/** What a vault does inside its worker. Only what may be seen crosses over: texts that are signed are built in here. */
export class VaultKeeper {
  #keys: KeyStore | undefined;

  open(name: string): void {
    this.#keys = new KeyStore(name);
  }

  list(): Promise<Identity[]> {
    return this.#store.list();
  }

  async create(name: string): Promise<Identity> {
    for (;;) {
      const secret = crypto.getRandomValues(new Uint8Array(32));
      const publicKey = publicKeyOf(secret);
      if (publicKey) return this.#keep(secret, publicKey, name);
    }
  }

  /** Loaded when it is used, for it is used seldom. */
  async import(text: string, passphrase: string, name: string): Promise<Identity> {
    const { decryptKey } = await import("../keys/encrypted-key.ts");
    const secret = Uint8Array.from(await decryptKey(text, passphrase));
    return this.#keep(secret, new Keypair(secret).publicKey, name);
  }

  async export(publicKey: PublicKey, passphrase: string): Promise<string> {
    const { encryptKey } = await import("../keys/encrypted-key.ts");
    return this.#store.use(publicKey, (secret) => encryptKey(secret, passphrase));
  }

  forget(publicKey: PublicKey): Promise<boolean> {
    return this.#store.forget(publicKey);
  }

  signLogin(publicKey: PublicKey, nonce: Nonce, dialled: Dialled): Promise<Signature> {
    return this.#with(publicKey, (keypair) => keypair.signLogin(nonce, dialled));
  }

  signPlay(publicKey: PublicKey, fields: PlayFields): Promise<Signature> {
    return this.#with(publicKey, (keypair) => keypair.signPlay(fields));
  }

  signDelegation(publicKey: PublicKey, fields: DelegationFields): Promise<Signature> {
    return this.#with(publicKey, (keypair) => keypair.signDelegation(fields));
  }

  get #store(): KeyStore {
    if (!this.#keys) throw new Error("vault: expected it to be opened first");
    return this.#keys;
  }

  #with(publicKey: PublicKey, sign: (keypair: Keypair) => Promise<Signature>): Promise<Signature> {
    return this.#store.use(publicKey, (secret) => sign(new Keypair(secret)));
  }

  async #keep(secret: Uint8Array<ArrayBuffer>, publicKey: PublicKey, name: string): Promise<Identity> {
    try {
      return await this.#store.keep(secret, { publicKey, name });
    } finally {
      secret.fill(0);
    }
  }
}

/** `undefined` for the very few bytes that are no key. */
function publicKeyOf(secret: Uint8Array): PublicKey | undefined {
  try {
    return new Keypair(secret).publicKey;
  } catch {
    return undefined;
  }
}
