import type { Event, Outcome, Task, TaskKey } from "../task.ts";
import type { ClaimedTask, FollowOptions } from "./broker.ts";

type Follower = {
  readonly options: FollowOptions;
  readonly end: (outcome: Outcome) => void;
  readonly abandon: (error: unknown) => void;
};

/** A task from its submission to its end, in this process. */
export class QueuedTask implements ClaimedTask {
  readonly key: TaskKey;
  /** Another one with the same key after it was set aside. */
  task: Task;
  said = 0;
  readonly events: Event[] = [];
  readonly #followers = new Set<Follower>();
  #cancel: AbortController | undefined;

  constructor(key: TaskKey, task: Task) {
    this.key = key;
    this.task = task;
  }

  get cancelled(): AbortSignal {
    this.#cancel ??= new AbortController(); // made when asked for: few tasks are cancelled
    return this.#cancel.signal;
  }

  cancel(): void {
    this.#cancel ??= new AbortController();
    this.#cancel.abort();
  }

  /** Tells that it waits for the owner, and keeps no more of it than that takes: who resumes it brings the rest. */
  setAside(event: Event): void {
    this.emit(event);
    this.said = this.events.length;
    this.task = { ...this.task, script: "", args: "" };
  }

  emit(event: Event): void {
    if (event.seq <= this.events.length) return; // the task was given back and runs again
    this.events.push(event);
    for (const { options } of this.#followers) say(event, options);
  }

  async follow(options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    sayAgain(this.events, options, signal);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#followers.delete(follower);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = () => follower.abandon(signal.reason);
      const follower: Follower = {
        options,
        end: (outcome) => {
          leave();
          resolve(outcome);
        },
        abandon: (error) => {
          leave();
          reject(error);
        },
      };
      this.#followers.add(follower);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  end(outcome: Outcome): void {
    for (const follower of this.#followers) follower.end(outcome);
  }

  abandon(error: unknown): void {
    for (const follower of this.#followers) follower.abandon(error);
  }
}

/** Tells a follower what was said before it came. @throws the signal's reason, should it abort meanwhile. */
export function sayAgain(events: readonly Event[], options: FollowOptions, signal: AbortSignal): void {
  for (const event of events) {
    say(event, options);
    signal.throwIfAborted();
  }
}

function say(event: Event, { after = 0, onEvent }: FollowOptions): void {
  if (event.seq > after) onEvent?.(event);
}
