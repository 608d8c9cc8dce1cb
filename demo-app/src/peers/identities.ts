import { openVault, type Vault } from "@circles/sdk/vault";
import VaultWorker from "@circles/sdk/vault-worker?worker";
import { computed, signal } from "@preact/signals";
import { Peer } from "./peer.ts";

/** An identity as the page lists it. */
export type Known = { readonly publicKey: string; readonly name: string };

const CHOSEN = "circles-identity";

const known = signal<readonly Known[]>([]);
const chosen = signal<Peer | undefined>(undefined);
let vault: Vault | undefined;

/** Everything the vault of this page's origin holds. */
export const identities = computed(() => known.value);
/** Who the page is now; `undefined` until the vault is open. */
export const me = computed(() => chosen.value);

/** Opens the vault; on the first visit it makes a key. Rejects with `VaultUnavailable`. */
export async function openIdentities(): Promise<void> {
  vault = await openVault({ worker: () => new VaultWorker() });
  if ((await vault.list()).length === 0) await vault.create("Me");
  await refresh();
  const last = localStorage.getItem(CHOSEN);
  const first = known.value.find(({ publicKey }) => publicKey === last) ?? known.value[0];
  if (first) await choose(first.publicKey);
}

export async function choose(publicKey: string): Promise<void> {
  const peer = await peerOf(publicKey);
  chosen.value?.close();
  chosen.value = peer;
  localStorage.setItem(CHOSEN, publicKey);
}

/** A peer of its own for a second pane; whoever asks closes it. */
export async function peerOf(publicKey: string): Promise<Peer> {
  const signer = await opened().signer(publicKey);
  const name = known.value.find((one) => one.publicKey === publicKey)?.name ?? "";
  return new Peer({ signer, name: name === "" ? "Me" : name, relay: relayUrl() });
}

/** Answers its key. */
export async function createIdentity(name: string): Promise<string> {
  const { publicKey } = await opened().create(name);
  await refresh();
  return publicKey;
}

/** A text that only the passphrase opens. */
export function backUp(publicKey: string, passphrase: string): Promise<string> {
  return opened().export(publicKey, passphrase);
}

/** Rejects with `EncryptedKeyRefused`. Answers the key. */
export async function restore(text: string, passphrase: string, name: string): Promise<string> {
  const { publicKey } = await opened().import(text, passphrase, { name });
  await refresh();
  return publicKey;
}

export async function forget(publicKey: string): Promise<void> {
  await opened().forget(publicKey);
  await refresh();
  if (known.value.length === 0) await createIdentity("Me");
  const [next] = known.value;
  if (next && chosen.value?.publicKey === publicKey) await choose(next.publicKey);
}

/** `ws://host:port` of the relay that serves this page; while Vite does, of the one beside it. */
function relayUrl(): string {
  const isServedByVite = import.meta.env.DEV;
  return isServedByVite ? "ws://localhost:8090" : `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;
}

async function refresh(): Promise<void> {
  known.value = (await opened().list()).map(({ publicKey, name }) => ({ publicKey, name: name === "" ? "Me" : name }));
}

function opened(): Vault {
  if (!vault) throw new Error("identities: expected the vault to be open");
  return vault;
}
