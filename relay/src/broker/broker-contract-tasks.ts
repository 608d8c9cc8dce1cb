import type { PublicKey, Signature, TaskId } from "@circles/sdk/protocol";
import { alice } from "../../test/people.ts";
import { type Event, hashTask, type Outcome, type Proof, type Task } from "../task.ts";

/** Holds in every process, as far as a broker is concerned. */
const VOUCHED: Proof = { kind: "gateway", gateway: alice.publicKey, signature: "0".repeat(128) as Signature };

type Given = { id: string; circle?: PublicKey; caller?: PublicKey; script?: string; args?: string };

/** A task as a gateway submits it: alice's in her own circle, unless told otherwise. Ids may be short here. */
export function taskOf({ id, circle = alice.publicKey, caller = alice.publicKey, ...texts }: Given): Task {
  const { script, args } = { script: "1", args: "null", ...texts };
  const hashes = hashTask({ script, args });
  const deadline = Date.now() + 60_000;
  return { id: id as TaskId, circle, caller, script, args, hashes, deadline, proof: VOUCHED };
}

/** An end that stands in the log. */
export function completed(output: string): Extract<Outcome, { status: "completed" }> {
  return { status: "completed", output, format: "text", log: { seq: 1, hash: "0".repeat(64) } };
}

/** An end of which the log knows nothing. */
export const REFUSED: Outcome = { status: "denied", failure: { code: -32003, message: "denied" } };

export function printed(seq: number): Event {
  return { seq, kind: "print", data: `line ${seq}` };
}

/** Why a task is set aside. */
export function waiting(seq: number): Event {
  return { seq, kind: "waiting", data: { capability: "write:a", expires_at: Number.MAX_SAFE_INTEGER } };
}
