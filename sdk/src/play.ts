import type { Deadline } from "./protocol/deadline.ts";
import type { TaskId } from "./protocol/ids.ts";
import type { LogHead, PlayOutput, PlayResult } from "./protocol/messages.ts";

/** A play that completed. */
export type Played<Result> = {
  readonly value: Result;
  readonly taskId: TaskId;
  /** The head of the circle's log with this play in it. Keep it, and the owner can be held to it. */
  readonly log: LogHead;
};

export type PlayParts = {
  readonly id: TaskId;
  readonly result: Promise<PlayResult>;
  readonly cancel: () => Promise<boolean>;
  /** Of the answer that `result` waits for; it is told what the play says. */
  readonly deadline: Deadline;
};

/**
 * A play under way: `await` it for its result, iterate it for what it says meanwhile, or cancel it. One that says
 * `waiting` waits for the circle's owner; its deadline stands still meanwhile.
 * Rejects with `WireError` as the relay says, `ConnectionError` or `DeadlineError`.
 */
export class Play<Result> implements PromiseLike<Result>, AsyncIterable<PlayOutput> {
  /** Names this play; sending another under the same id, with the same script and args, gives the same outcome. */
  readonly id: TaskId;
  /** The result with the head of the log that proves it. */
  readonly played: Promise<Played<Result>>;
  readonly #cancel: () => Promise<boolean>;
  readonly #deadline: Deadline;
  readonly #outputs: PlayOutput[] = [];
  readonly #wakers = new Set<() => void>();
  #ended = false;

  constructor({ id, result, cancel, deadline }: PlayParts) {
    this.id = id;
    this.#cancel = cancel;
    this.#deadline = deadline;
    this.played = result.then(({ output, format, task_id, log }) => {
      const value = (format === "json" ? JSON.parse(output) : output) as Result;
      return { value, taskId: task_id, log };
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    this.played.then(end, end); // and a play that nobody awaits is no unhandled rejection
  }

  then<A = Result, B = never>(
    onfulfilled?: ((value: Result) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.played.then(({ value }) => value).then(onfulfilled, onrejected);
  }

  /** Resolves with `true` only if the play ends without having written anything, because of this. */
  cancel(): Promise<boolean> {
    return this.#cancel();
  }

  /** From the first output on, however late; ends with the play, and does not throw when that fails. */
  async *[Symbol.asyncIterator](): AsyncGenerator<PlayOutput, void, undefined> {
    for (let i = 0; ; i++) {
      while (i >= this.#outputs.length && !this.#ended) {
        await new Promise<void>((resolve) => this.#wakers.add(resolve));
      }
      const output = this.#outputs[i];
      if (!output) return;
      yield output;
    }
  }

  /** For the connection: takes in an output, unless it came before. */
  receive(output: PlayOutput): void {
    const last = this.#outputs.at(-1)?.seq ?? 0;
    if (output.seq <= last) return;
    this.#outputs.push(output);
    this.#deadline.observe(output);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }
}
