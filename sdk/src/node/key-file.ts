import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { generateKeypair, type Keypair, keypairFrom } from "../keys/keypair.ts";

/** A file is no secret key: 64 hex characters, and nothing else. */
export class KeyFileRefused extends Error {
  override name = "KeyFileRefused";
}

/**
 * Makes a key and keeps it in a new file that nobody else can read (mode 0600), as 64 hex characters. Rejects with the file
 * system's `EEXIST` if there is one: a key is never overwritten.
 */
export async function makeKeyFile(path: string): Promise<Keypair> {
  const keypair = generateKeypair();
  await writeKeyFile(path, keypair);
  return keypair;
}

/** Keeps a key in a new file, as `makeKeyFile` does. */
export async function writeKeyFile(path: string, keypair: Keypair): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, `${keypair.exportSecret()}\n`, { flag: "wx", mode: 0o600 });
}

/** Reads a key. Rejects with `KeyFileRefused` if that is none, and as the file system does. */
export async function readKeyFile(path: string): Promise<Keypair> {
  const text = await readFile(path, "utf8");
  try {
    return keypairFrom(text.trim());
  } catch (error) {
    throw new KeyFileRefused(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
