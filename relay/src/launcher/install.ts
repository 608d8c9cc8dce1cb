import { readFile } from "node:fs/promises";
import { connect, type PolicyDocument } from "@circles/sdk";
import type { Keypair } from "@circles/sdk/keys";
import type { CircleEntry } from "./circles-file.ts";

const TIMEOUT_MS = 30_000;

/** Makes an entry's script the circle's library, and its policy the circle's, where they are not yet: as the owner would. */
export async function installIn(url: string, entry: CircleEntry, signer: Keypair): Promise<void> {
  const library = await readFile(entry.scriptPath, "utf8");
  const policy = entry.policyPath === undefined ? undefined : await readFile(entry.policyPath, "utf8");
  const circle = await connect(url, { signer, timeoutMs: TIMEOUT_MS });
  try {
    if ((await circle.library.get()) !== library) await circle.library.set(library);
    if (policy !== undefined) await circle.policy.set(JSON.parse(policy) as PolicyDocument);
  } finally {
    circle.close();
  }
}
