import type { Event, Outcome } from "../task.ts";
import type { FollowOptions } from "./broker.ts";
import { waitUntil } from "./wait.ts";

type Follower = {
  readonly options: FollowOptions;
  readonly end: (outcome: Outcome) => void;
  readonly abandon: (error: unknown) => void;
};

/** Those in this process who follow one task, and what it said so far. */
export class Followers {
  readonly events: Event[] = [];
  readonly #followers = new Set<Follower>();

  /** Number of the last event; 0 if there was none. */
  get lastEvent(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  get isEmpty(): boolean {
    return this.#followers.size === 0;
  }

  emit(event: Event): void {
    if (event.seq <= this.lastEvent) return; // the task was given back and runs again
    this.events.push(event);
    for (const { options } of this.#followers) say(event, options);
  }

  async follow(options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    sayAgain(this.events, options, signal);
    const wait = waitUntil<Outcome>(signal, () => this.#followers.delete(follower));
    const follower: Follower = { options, end: wait.resolve, abandon: wait.reject };
    this.#followers.add(follower);
    return wait.promise;
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
