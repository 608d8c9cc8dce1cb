import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import { APPROVED, hashTask, isTrace, makeTrace, type Proof, type Task, type TaskLane } from "../../task.ts";
import type { RedisTaskId } from "./redis-keys.ts";

/** What a worker gets of a task beside the task itself. */
export type TaskFromRedis = {
  readonly redisId: RedisTaskId;
  readonly task: Task;
  readonly isCancelled: boolean;
  readonly said: number;
  /** How many workers died while they had it. */
  readonly attempts: number;
};

/** How long a task that was put in by hand may wait, unless it says. */
const HAND_FED_MS = 60_000;

/** The fields of a task's hash that the scripts do not look at. @throws {TypeError} for a proof that ends with this process. */
export function fieldsOf({ script, args, timeoutMs, deadline, proof, trace, queuedAt, after, again }: Task): string[] {
  const fields = ["script", script, "args", args, "deadline", String(deadline), "proof", writeProof(proof)];
  if (timeoutMs !== undefined) fields.push("timeout_ms", String(timeoutMs));
  if (trace !== undefined) fields.push("trace", trace); // one that was resumed keeps what it has
  if (after !== undefined) fields.push("after", String(after));
  if (again) fields.push("again", "1");
  if (queuedAt !== undefined) fields.push("queued_at", String(queuedAt));
  return fields;
}

/** Where a task was claimed: nobody's fields put it anywhere else. */
export type Place = { readonly circle: PublicKey; readonly lane?: TaskLane | undefined };

/** Reads what HGETALL answers. @throws {TypeError} with what is missing or wrong. */
export function readTask(redisId: RedisTaskId, flat: readonly string[], { circle, lane }: Place): TaskFromRedis {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i] ?? "", flat[i + 1] ?? "");
  if (!isKey(circle)) throw new TypeError(`task ${redisId}: circle: expected a public key, got other text`);
  const { script, caller } = { script: fields.get("script"), caller: fields.get("caller") };
  if (script === undefined || caller === undefined) {
    throw new TypeError(
      `task ${redisId}: expected script and caller, got ${script === undefined ? "no script" : "no caller"}`,
    );
  }
  if (!isKey(caller)) throw new TypeError(`task ${redisId}: caller: expected a public key, got other text`);
  const proof = readProof(fields.get("proof"));
  if (proof.kind === "none") checkJson(redisId, fields.get("args") ?? "null");
  const args = fields.get("args") ?? "null";
  const trace = fields.get("trace");
  const queuedAt = wholeOf(fields.get("queued_at"));
  const after = wholeOf(fields.get("after"));
  const task: Task = {
    id: (fields.get("id") ?? redisId) as TaskId,
    circle,
    caller: caller as PublicKey,
    script,
    args,
    hashes: hashTask({ script, args }),
    deadline: wholeOf(fields.get("deadline")) ?? Date.now() + HAND_FED_MS,
    proof,
    trace: isTrace(trace) ? trace : makeTrace(),
    ...(fields.has("timeout_ms") ? { timeoutMs: Number(fields.get("timeout_ms")) } : {}),
    ...(queuedAt === undefined ? {} : { queuedAt }),
    ...(after === undefined ? {} : { after }),
    ...(fields.has("again") ? { again: true } : {}),
    ...(lane === undefined ? {} : { lane }),
  };
  return {
    redisId,
    task,
    isCancelled: fields.has("cancel"),
    said: wholeOf(fields.get("said_before")) ?? 0,
    attempts: wholeOf(fields.get("attempts")) ?? 0,
  };
}

function isKey(text: string): boolean {
  return /^0[23][0-9a-f]{64}$/.test(text);
}

function wholeOf(text: string | undefined): number | undefined {
  const number = Number(text ?? Number.NaN);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** Whoever submits through a gateway has sent JSON. */
function checkJson(redisId: RedisTaskId, args: string): void {
  try {
    JSON.parse(args);
  } catch {
    throw new TypeError(`task ${redisId}: args: expected JSON, got other text`);
  }
}

function writeProof(proof: Proof): string {
  if (proof.kind === "in-process")
    throw new TypeError("task: expected a proof that holds in another process, got one that does not");
  return JSON.stringify(proof);
}

/** What Redis says is believed by nobody: a worker checks the proof that it finds. */
function readProof(text: string | undefined): Proof {
  if (text === undefined) return { kind: "none" };
  const proof = JSON.parse(text) as Proof;
  if (proof.kind === "approved") return APPROVED;
  if (proof.kind === "envelope") return { kind: "envelope", envelope: proof.envelope };
  if (proof.kind === "gateway") return { kind: "gateway", gateway: proof.gateway, signature: proof.signature };
  return { kind: "none" };
}
