import { createStore, del, entries, get, type UseStore, update } from "idb-keyval";
import type { PublicKey } from "../protocol/ids.ts";

/** A peer whose key lies in the vault. */
export type Identity = {
  readonly publicKey: PublicKey;
  /** As its owner calls it. */
  readonly name: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
};

type Kept = Identity & { readonly iv: Uint8Array<ArrayBuffer>; readonly encrypted: ArrayBuffer };

const IV_BYTES = 12;
const WRAPPING_KEY = "wrapping-key";

/** Secret keys in IndexedDB, each encrypted with a key of WebCrypto that no script can read out. */
export class KeyStore {
  readonly #identities: UseStore;
  readonly #wrapping: UseStore;

  /** Stores of other names know nothing of each other. */
  constructor(name: string) {
    this.#identities = createStore(`circles-vault-${name}`, "identities");
    this.#wrapping = createStore(`circles-vault-${name}-wrapping`, "keys");
  }

  /** Oldest first. */
  async list(): Promise<Identity[]> {
    const kept = await entries<PublicKey, Kept>(this.#identities);
    return kept.map(([, one]) => identityOf(one)).toSorted((a, b) => a.createdAt - b.createdAt);
  }

  /** One that is there already keeps its name, unless another is given. */
  async keep(
    secret: Uint8Array<ArrayBuffer>,
    { publicKey, name }: Pick<Identity, "publicKey" | "name">,
  ): Promise<Identity> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const encrypted = await crypto.subtle.encrypt(algorithm(iv, publicKey), await this.#wrappingKey(), secret);
    let kept: Kept = { publicKey, name, createdAt: Date.now(), iv, encrypted };
    const keepNameOf = ({ name: before, createdAt }: Kept) => ({ ...kept, name: name || before, createdAt });
    await update<Kept>(publicKey, (known) => (kept = known ? keepNameOf(known) : kept), this.#identities);
    return identityOf(kept);
  }

  /** Gives the secret to `use`, and wipes it afterwards. Rejects if there is none. */
  async use<T>(publicKey: PublicKey, use: (secret: Uint8Array) => T | Promise<T>): Promise<T> {
    const kept = await get<Kept>(publicKey, this.#identities);
    if (!kept) throw new RangeError("vault: expected the key of an identity that is here, got another");
    const { iv, encrypted } = kept;
    const wrapping = await this.#wrappingKey();
    const secret = new Uint8Array(await crypto.subtle.decrypt(algorithm(iv, publicKey), wrapping, encrypted));
    try {
      return await use(secret);
    } finally {
      secret.fill(0);
    }
  }

  /** Answers whether it was there. */
  async forget(publicKey: PublicKey): Promise<boolean> {
    const wasThere = (await get<Kept>(publicKey, this.#identities)) !== undefined;
    await del(publicKey, this.#identities);
    return wasThere;
  }

  async #wrappingKey(): Promise<CryptoKey> {
    const known = await get<CryptoKey>(WRAPPING_KEY, this.#wrapping);
    if (known) return known;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    // Of two pages that make one at once, one is kept.
    await update<CryptoKey>(WRAPPING_KEY, (other) => other ?? made, this.#wrapping);
    return (await get<CryptoKey>(WRAPPING_KEY, this.#wrapping)) ?? made;
  }
}

function identityOf({ publicKey, name, createdAt }: Identity): Identity {
  return { publicKey, name, createdAt };
}

function algorithm(iv: Uint8Array<ArrayBuffer>, publicKey: PublicKey): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(publicKey) };
}
