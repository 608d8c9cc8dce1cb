import type { Outcome, Task } from "../task.ts";

/** Hears what becomes of plays in a worker, to count and time it. Called often: it neither throws nor waits. */
export interface WorkerObserver {
  /** A worker took it, for the first time: before, it was in line. */
  taken(task: Task): void;
  /** Its script ended, in whatever way, after so long; one that runs again is told of again. */
  ran(task: Task, ms: number): void;
  /** Its record was written, and synced where that is asked for, after so long. */
  committed(task: Task, ms: number): void;
  /** `waiting`: for the circle's owner. */
  ended(task: Task, outcome: Outcome | "waiting"): void;
}

export const UNOBSERVED: WorkerObserver = {
  taken: () => {},
  ran: () => {},
  committed: () => {},
  ended: () => {},
};
