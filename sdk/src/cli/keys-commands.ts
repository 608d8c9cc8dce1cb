import { decryptKey, encryptKey } from "../keys/encrypted-key.ts";
import { keypairFrom } from "../keys/keypair.ts";
import type { CommandParts } from "./session.ts";
import { readPassphrase, readStandardInput } from "./text-input.ts";

export async function newKey({ command, keys, terminal }: CommandParts): Promise<void> {
  const name = command.words[0] ?? "default";
  const { publicKey } = await keys.make(name);
  terminal.item({ name, publicKey }, publicKey);
}

export async function listKeys({ keys, terminal }: CommandParts): Promise<void> {
  const all = await keys.list();
  const width = Math.max(0, ...all.map(({ name }) => name.length));
  for (const one of all) terminal.item(one, `${one.name.padEnd(width)}  ${one.publicKey}`);
  if (all.length === 0) terminal.say('there are no keys yet; "circles keys new" makes one');
}

export async function exportKey({ command, keys, terminal }: CommandParts): Promise<void> {
  const keypair = await keys.read(command.words[0] ?? "");
  const passphrase = await readPassphrase(command.flags["passphrase-file"], { twice: true });
  terminal.result(await encryptKey(Buffer.from(keypair.exportSecret(), "hex"), passphrase));
}

export async function importKey({ command, keys, terminal }: CommandParts): Promise<void> {
  const [name = ""] = command.words;
  const passphrase = await readPassphrase(command.flags["passphrase-file"]);
  const keypair = keypairFrom(await decryptKey(await readStandardInput(), passphrase));
  await keys.take(name, keypair);
  terminal.item({ name, publicKey: keypair.publicKey }, keypair.publicKey);
}
