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

/**
 * The keys below a prefix as scripts name them: each takes expressions of Lua and gives one. `P` is the prefix there. A line is
 * a lane of a circle: `<circle>`, `<circle>/control` or `<circle>/events`.
 */
export const KEY = {
  /** List: tasks of a circle's ordinary lane, oldest at the right. */
  queue: (circle: string) => `P .. ${circle}`,
  /** List: those of its other lanes. */
  controlQueue: (circle: string) => sys("control:", circle),
  eventsQueue: (circle: string) => sys("subscribing:", circle),
  /** Hash: a task. */
  task: (task: string) => `P .. ${task}`,
  /** List: messages to a process, oldest at the left. To clients of the specification: what became of their task. */
  replies: (replyTo: string) => `P .. 'reply:' .. ${replyTo}`,

  /** List: what a task said. */
  events: (task: string) => sys("events:", task),
  /** Set: who follows a task beside its `reply_to`. */
  followers: (task: string) => sys("followers:", task),
  /** List: tasks by the ids that their callers gave them. */
  ids: (circle: string, id: string) => sys("ids:", `${circle} .. '/' .. ${id}`),
  /** Sorted set: tasks that have ended and are remembered, by the ms when they did. String: their size. */
  ended: sys("ended"),
  endedSize: sys("ended_size"),
  /** List: tasks whose workers died too often. */
  dead: sys("dead"),

  /** Sorted set: gateways and workers, by the ms until which they are alive. */
  instances: sys("instances"),
  /** String: "<lease> <worker>", who has a circle. */
  circle: (circle: string) => sys("circle:", circle),
  /** Hash: a line with tasks (`tasks`) and its claim (`fence`, `left`, `worker`). */
  line: (line: string) => sys("line:", line),
  /** List: the tasks of a line's claim, in order. */
  claimed: (line: string) => sys("claimed:", line),
  /** Set: lines that a worker holds. */
  claims: (worker: string) => sys("claims:", worker),
  /** Sorted sets: lines by their turns, of circles that nobody has, and of those of a worker. */
  ready: sys("ready"),
  readyOf: (worker: string) => sys("ready:", worker),
  /** Sets: workers that wait for work, and for that of a circle. */
  idle: sys("idle"),
  idleFor: (circle: string) => sys("idle:", circle),
  /** Hash: tasks of a circle that wait for its owner, and their callers. */
  aside: (circle: string) => sys("aside:", circle),
  /** String: what all of these take. */
  asideSize: sys("aside_size"),
  /** Set: processes that hear a circle's notices. */
  listeners: (circle: string) => sys("listeners:", circle),

  /** Hashes: how many `tasks` wait or run, and their `size`; of one caller, and in all. */
  loadOf: (caller: string) => sys("load:", caller),
  load: sys("load"),
  /** Strings: numbers that only rise. */
  fence: sys("fence"),
  turn: sys("turn"),
} as const;

function sys(kind: string, rest?: string): string {
  return rest === undefined ? `P .. 'sys:${kind}'` : `P .. 'sys:${kind}' .. ${rest}`;
}

/** What Redis calls a task: a task id by its form, but one that no other caller and no other circle has. */
export type RedisTaskId = string & { readonly __brand: "RedisTaskId" };

export function redisTaskId(key: TaskKey): RedisTaskId {
  return hash("sha256", key, "base64url") as RedisTaskId;
}
