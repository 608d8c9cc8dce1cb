import { Deadline, ErrorCode, type TaskId, WireError } from "@circles/sdk/protocol";
import type { Event, Outcome } from "../task.ts";

/** How much longer than its deadline a caller's wait may take, so that a known outcome wins over an unknown one. */
const DEADLINE_GRACE_MS = 50;

export type TaskWaitOptions = {
  readonly id: TaskId;
  readonly timeoutMs: number;
  /** While the task waits for the circle's owner, its time stands still. */
  readonly patient: boolean;
};

/** One call's wait for the end of a task. */
export class TaskWait {
  readonly #options: TaskWaitOptions;
  readonly #deadline: Deadline;
  #waiting = false;

  constructor(options: TaskWaitOptions) {
    this.#options = options;
    this.#deadline = new Deadline(options.timeoutMs + DEADLINE_GRACE_MS);
  }

  /** Does the task wait for the circle's owner, as far as its events say? */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Takes in an event of the task, in order. */
  observe(event: Event): void {
    this.#waiting = event.kind === "waiting";
    if (this.#options.patient) this.#deadline.observe(event);
  }

  /** Resolves with the outcome. @throws {WireError} -32005 if it is not known in time. */
  async until(outcome: Promise<Outcome>): Promise<Outcome> {
    const late = new Promise<never>((_, reject) => this.#deadline.start(() => reject(this.#late())));
    try {
      return await Promise.race([outcome, late]);
    } finally {
      this.#deadline.stop();
    }
  }

  #late(): WireError {
    const { id, timeoutMs } = this.#options;
    const waiting = this.#waiting ? { waiting: true } : {};
    const data = { limit: "timeout_ms", allowed: timeoutMs, outcome: "unknown", ...waiting, task_id: id };
    const what = this.#waiting ? "the play waits for the circle's owner" : "the outcome is not known yet";
    return new WireError(ErrorCode.TimedOut, `timed out: ${what}; attach to learn how it ends`, data);
  }
}
