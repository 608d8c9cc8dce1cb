import { hash } from "node:crypto";
import type { TaskKey } from "../../task.ts";

/** Every name of a key in Redis begins so; the specification's. */
const ROOT = "rhailib:";

/**
 * What the names of all keys of a bucket begin with. In a cluster the keys of one bucket share a hash tag, so that they lie
 * on one node; plain Redis has one bucket, with the specification's exact names.
 */
export function bucketPrefix(bucket?: number): string {
  return bucket === undefined ? ROOT : `${ROOT}{${bucket}}:`;
}

/** The list that one gateway or worker reads: answers, events, cancels, bells. */
export function replyKey(prefix: string, replyTo: string): string {
  return `${prefix}reply:${replyTo}`;
}

/** What Redis calls a task: a task id by its form, but one that no other caller and no other circle has. */
export type RedisTaskId = string & { readonly __brand: "RedisTaskId" };

export function redisTaskId(key: TaskKey): RedisTaskId {
  return hash("sha256", key, "base64url") as RedisTaskId;
}
