import { sha256Hex } from "@circles/sdk/keys";
import { makeTaskId, type PublicKey } from "@circles/sdk/protocol";
import { realDisk } from "../../src/namespace/disk.ts";
import { Namespace } from "../../src/namespace/namespace.ts";
import { caller } from "../plays.ts";

const MADE_AT_ONCE = 32;
/** What is only made to be there need not outlive the machine. */
const UNSYNCED = { ...realDisk, sync: async () => {}, syncFolder: async () => {} };
const NOTHING = sha256Hex("");

/** Makes circles of one document and one record each, as plays in them would. */
export async function fillCircles(dbPath: string, circles: readonly PublicKey[]): Promise<void> {
  const left = circles.values();
  await Promise.all(
    Array.from({ length: MADE_AT_ONCE }, async () => {
      for (const circle of left) await fillCircle(dbPath, circle);
    }),
  );
}

async function fillCircle(dbPath: string, circle: PublicKey): Promise<void> {
  const namespace = await Namespace.open({ dbPath, circle, disk: UNSYNCED });
  await namespace.commit({
    task: makeTaskId(),
    caller: caller.publicKey,
    script: NOTHING,
    args: NOTHING,
    until: Math.floor(Date.now() / 1000),
    end: { status: "completed", output: "1", format: "json" },
    writes: [{ path: "data/n.json", content: { json: "1" } }],
  });
  await namespace.close();
}
