import type { Event, Task, TaskKey } from "../task.ts";
import type { ClaimedTask } from "./broker.ts";
import { Followers } from "./followers.ts";

/** A task from its submission to its end, in this process. */
export class QueuedTask extends Followers implements ClaimedTask {
  readonly key: TaskKey;
  /** Another one with the same key after it was set aside. */
  task: Task;
  said = 0;
  readonly attempts = 0;
  readonly cancelled = { aborted: false };

  constructor(key: TaskKey, task: Task) {
    super();
    this.key = key;
    this.task = task;
  }

  cancel(): void {
    this.cancelled.aborted = true;
  }

  /** Goes on as `task`, under the trace that it has, as old as it is. */
  resumeAs(task: Task): void {
    const { trace, queuedAt } = this.task;
    this.task = { ...task, trace: task.trace ?? trace, queuedAt: task.queuedAt ?? queuedAt };
  }

  /** Tells that it waits for the owner, and keeps no more of it than that takes: who resumes it brings the rest. */
  setAside(event: Event): void {
    // A run before this one may have said more than this one did.
    this.emit({ ...event, seq: Math.max(event.seq, this.lastEvent + 1) });
    this.said = this.lastEvent;
    this.task = { ...this.task, script: "", args: "" };
  }
}
