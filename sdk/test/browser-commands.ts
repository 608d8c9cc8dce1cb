import type { CDPSession } from "playwright";
import type { BrowserCommand } from "vitest/node";
import { encryptKey } from "../src/keys/encrypted-key.ts";
import { generateKeypair } from "../src/keys/keypair.ts";

// What tests in a browser ask of this side, which knows what they must not.

const secret = generateKeypair().exportSecret();

/** A key that the page can bring into a vault, and whose secret never was in the page. */
export const encryptedKey: BrowserCommand<[passphrase: string]> = (_, passphrase) =>
  encryptKey(Buffer.from(secret, "hex"), passphrase);

/** Where the secret of that key can be read, of the page's memory, storage and console. `marker` must be found in all. */
export const findSecret: BrowserCommand<[marker: string, texts: readonly string[]]> = async (
  { page, context },
  marker,
  texts,
) => {
  const session = await context.newCDPSession(page);
  const heap = await takeHeapSnapshot(session);
  await session.detach();
  const forms = [secret, secret.toUpperCase(), Buffer.from(secret, "hex").toString("base64").replaceAll("=", "")];
  const forScalar = BigInt(`0x${secret}`).toString();
  const all = [heap, ...texts];
  return {
    places: all.flatMap((text, i) => ([...forms, forScalar].some((form) => text.includes(form)) ? [i] : [])),
    markers: all.flatMap((text, i) => (text.includes(marker) ? [i] : [])),
  };
};

/** Bytes of the page's heap that are in use once everything that can go is gone. */
export const heapBytes: BrowserCommand = async ({ page, context }) => {
  const session = await context.newCDPSession(page);
  await session.send("HeapProfiler.enable");
  for (let i = 0; i < 3; i++) await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
};

async function takeHeapSnapshot(session: CDPSession): Promise<string> {
  const chunks: string[] = [];
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  return chunks.join("");
}

declare module "vitest/browser" {
  interface BrowserCommands {
    encryptedKey(passphrase: string): Promise<string>;
    heapBytes(): Promise<number>;
    findSecret(marker: string, texts: readonly string[]): Promise<{ places: number[]; markers: number[] }>;
  }
}
