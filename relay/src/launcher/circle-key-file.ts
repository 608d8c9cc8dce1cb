import { join } from "node:path";
import type { Keypair } from "@circles/sdk/keys";
import { KeyFileRefused, makeKeyFile, readKeyFile } from "@circles/sdk/node";
import { type CircleEntry, CirclesFileRefused } from "./circles-file.ts";

/**
 * The key of a circle's owner: the one that its entry names, or one that is made where there is none and kept for nobody else
 * to read. @throws {CirclesFileRefused} if what is there is no key, or another circle's.
 */
export async function ownerKeyOf(entry: CircleEntry, { keysFolder }: { keysFolder: string }): Promise<Keypair> {
  const path = entry.secretKeyFile ?? join(keysFolder, `${entry.name}.key`);
  if (entry.secretKeyFile === undefined) {
    await makeKeyFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  const key = await readKey(path);
  if (entry.publicKey === undefined || entry.publicKey === key.publicKey) return key;
  throw new CirclesFileRefused(`${entry.name}: ${path}: expected the secret key of ${entry.publicKey}, got another's`);
}

async function readKey(path: string): Promise<Keypair> {
  try {
    return await readKeyFile(path);
  } catch (error) {
    if (error instanceof KeyFileRefused) throw new CirclesFileRefused(error.message, { cause: error });
    throw error;
  }
}
