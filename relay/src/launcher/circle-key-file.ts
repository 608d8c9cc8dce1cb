import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { generateKeypair, type Keypair, keypairFrom } from "@circles/sdk/keys";
import { type CircleEntry, CirclesFileRefused } from "./circles-file.ts";

/**
 * The key of a circle's owner: the one that its entry names, or one that is made where there is none and kept for nobody else
 * to read. @throws {CirclesFileRefused} if what is there is no key, or another circle's.
 */
export async function ownerKeyOf(entry: CircleEntry, { keysFolder }: { keysFolder: string }): Promise<Keypair> {
  const path = entry.secretKeyFile ?? join(keysFolder, `${entry.name}.key`);
  if (entry.secretKeyFile === undefined) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const made = `${generateKeypair().exportSecret()}\n`;
    await writeFile(path, made, { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  const key = await readKey(path);
  if (entry.publicKey === undefined || entry.publicKey === key.publicKey) return key;
  throw new CirclesFileRefused(`${entry.name}: ${path}: expected the secret key of ${entry.publicKey}, got another's`);
}

async function readKey(path: string): Promise<Keypair> {
  const text = await readFile(path, "utf8");
  try {
    return keypairFrom(text.trim());
  } catch (error) {
    throw new CirclesFileRefused(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
