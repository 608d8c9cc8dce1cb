import type { PublicKey } from "@circles/sdk/protocol";
import type { TaskKey, TaskLane } from "../task.ts";
import type { QueuedTask } from "./queued-task.ts";

export type LineName = { readonly circle: PublicKey; readonly lane?: TaskLane | undefined };

/** One lane of a circle, in this process. */
export type Line = {
  readonly circle: PublicKey;
  readonly lane: TaskLane | undefined;
  readonly queue: QueuedTask[];
  /** Fence of the claim that is on it, and what is left of that, in order. */
  claim: { readonly fence: number; readonly unfinished: Map<TaskKey, QueuedTask> } | undefined;
  /** Tasks that wait or run. */
  tasks: number;
};

export function lineKey({ circle, lane }: LineName): string {
  return lane === undefined ? circle : `${circle}/${lane}`;
}
