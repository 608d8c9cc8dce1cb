import { createHash } from "node:crypto";
import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import type { LoggedEvent, PlayEntry, Write } from "../src/namespace/record.ts";
import { hashTask } from "../src/task.ts";
import { alice } from "./people.ts";

type Given = {
  id?: string;
  caller?: PublicKey;
  output?: string;
  writes?: readonly Write[];
  until?: number;
  events?: readonly LoggedEvent[];
};

const IN_A_DAY = Math.ceil(Date.now() / 1000) + 86_400;

/** What a worker commits of a play of alice's that ended well, unless told otherwise. */
export function entryOf({ id = "t1", output = "done", writes = [], events, ...given }: Given = {}): PlayEntry {
  const { caller, until } = { caller: alice.publicKey, until: IN_A_DAY, ...given };
  const { script, args } = hashTask({ script: id, args: "null" });
  const end = { status: "completed", output, format: "text" } as const;
  return { task: id as TaskId, caller, script, args, until, end, ...(events ? { events } : {}), writes };
}

/** SHA-256 as another would compute it. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
