import { ErrorCode, type LimitReached, WireError } from "@circles/sdk/protocol";
import type { Event, Outcome, Task, TaskKey } from "../task.ts";
import { UnknownTask } from "./broker.ts";

/** What the wait, taker or listener with this number has come to hear. */
export type Said = { readonly number: number; readonly what: string };

export type Taken = {
  readonly key: TaskKey;
  readonly task: Task;
  readonly said: number;
  readonly isCancelled: boolean;
};

/** A claim in a line of text: its lane, and each task as it now is. */
export function taken(tasks: readonly Taken[]): string {
  const texts = tasks.map(({ key, task, said, isCancelled }) => {
    const { script, args, deadline, timeoutMs, proof, trace, queuedAt, after, again } = task;
    // What was set aside and cancelled need not have a script any more.
    const play = isCancelled ? "cancelled" : `${script} ${args}`;
    return [key, play, deadline, timeoutMs, proof.kind, trace, queuedAt, after, again, said].join(" ");
  });
  return [tasks[0]?.task.lane ?? "ordinary", ...texts].join("\n");
}

export function heard({ seq, kind, data }: Event): string {
  return `${seq} ${kind} ${JSON.stringify(data)}`;
}

export function ended(outcome: Outcome): string {
  return `ended ${JSON.stringify(outcome)}`;
}

type HeldTask = { number: number; key: TaskKey; cancelled: boolean; attempts?: number; lease?: number };

/** A task in somebody's hands. */
export function heldAs({ number, key, cancelled, attempts, lease }: HeldTask): string {
  return [number, key, cancelled && "cancelled", attempts && `attempts ${attempts}`, lease && `lease ${lease}`]
    .filter(Boolean)
    .join(" ");
}

export function laneOf({ circle, lane }: Pick<Task, "circle" | "lane">): string {
  return `${circle} ${lane ?? "ordinary"}`;
}

/** A limit that leaves no room. How long to wait is the broker's to say. */
export type Full = Required<Pick<LimitReached, "limit" | "used" | "allowed">>;

export function busy({ limit, used, allowed }: Full): string {
  return `${ErrorCode.Busy} ${limit} ${used} of ${allowed}`;
}

export function refusal(error: unknown): string {
  if (error instanceof UnknownTask) return error.name;
  if (error instanceof WireError) return error.code === ErrorCode.Busy ? busy(error.data as Full) : `${error.code}`;
  return error instanceof Error && error.name === "AbortError" ? "aborted" : String(error);
}
