import { PlayError } from "./errors.ts";
import { isPlayTiming } from "./play-timing.ts";
import type { Deadline } from "./protocol/deadline.ts";
import { ErrorCode, type ScriptFailure, WireError } from "./protocol/errors.ts";
import type { TaskId } from "./protocol/ids.ts";
import type { LogHead, PlayOutput, PlayResult, PlayTiming } from "./protocol/messages.ts";

/** A play that completed. */
export type Played<Result> = {
  readonly value: Result;
  readonly taskId: TaskId;
  /** The head of the circle's log with this play in it. Keep it, and the owner can be held to it. */
  readonly log: LogHead;
  /**
   * Where the relay's part of the time went, in milliseconds. What a caller waited beyond `relay_ms` is the network's; what
   * `run_ms` and `commit_ms` leave of it is the wait in line. Left out where the relay did not run the play for this
   * answer, as when it had ended before, or does not say.
   */
  readonly timing?: PlayTiming;
};

export type PlayParts = {
  readonly id: TaskId;
  /** Sends it, or attaches to it: resolves with the relay's `PlayResult`. */
  readonly send: (play: Play<unknown>) => Promise<unknown>;
  readonly cancel: () => Promise<boolean>;
  /** Of the answer; it is told what the play says. */
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
  /** Number of the last output that is known already. */
  readonly after?: number;
  /** It was written as a function, whose surroundings did not travel. */
  readonly isFunction?: boolean;
};

/**
 * A play under way: `await` it for its result, iterate it for what it says meanwhile, or cancel it. One that says
 * `waiting` waits for the circle's owner; its deadline stands still meanwhile. Lost connections do not matter to it.
 * Rejects with `PlayError` if the script threw, `WireError` as the relay says otherwise, `ConnectionError` if the connection was
 * closed for good, `DeadlineError`, or the reason of its signal.
 */
export class Play<Result> implements PromiseLike<Result>, AsyncIterable<PlayOutput> {
  /** Names this play; sending another under the same id, with the same script and args, gives the same outcome. */
  readonly id: TaskId;
  /** The result with the head of the log that proves it. */
  readonly played: Promise<Played<Result>>;
  /** For the connection. */
  readonly deadline: Deadline;
  readonly #cancel: () => Promise<boolean>;
  readonly #outputs: PlayOutput[] = [];
  readonly #wakers = new Set<() => void>();
  #lastOutput: number;
  #ended = false;

  constructor({ id, send, cancel, deadline, signal, after = 0, isFunction = false }: PlayParts) {
    this.id = id;
    this.deadline = deadline;
    this.#cancel = cancel;
    this.#lastOutput = after;
    this.played = this.#play(send, signal).catch((error: unknown) => {
      throw explained(error, isFunction);
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

  /** Number of the last output, of this time or of one before. */
  get lastOutput(): number {
    return this.#lastOutput;
  }

  /** For the connection: takes in an output, unless it came before. */
  receive(output: PlayOutput): void {
    if (output.seq <= this.#lastOutput) return;
    this.#lastOutput = output.seq;
    this.#outputs.push(output);
    this.deadline.observe(output);
    this.#wake();
  }

  async #play(send: PlayParts["send"], signal: AbortSignal | undefined): Promise<Played<Result>> {
    signal?.throwIfAborted();
    // A cancel that fails has nobody whom it tells: the play ends by itself.
    const onAbort = () => void this.#cancel().catch(() => {});
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const { output, format, task_id, log, timing } = (await send(this)) as PlayResult;
      const value = (format === "json" ? JSON.parse(output) : output) as Result;
      return { value, taskId: task_id, log, ...(isPlayTiming(timing) ? { timing } : {}) };
    } catch (error) {
      throw signal?.aborted && isCancelled(error) ? signal.reason : error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }
}

function isCancelled(error: unknown): boolean {
  return error instanceof WireError && error.code === ErrorCode.Cancelled;
}

/** What a script threw, as an error of its own kind. */
function explained(error: unknown, isFunction: boolean): unknown {
  if (!(error instanceof WireError) || error.code !== ErrorCode.ScriptError) return error;
  const data = (error.data ?? { name: "Error" }) as ScriptFailure;
  const hint =
    isFunction && data.name === "ReferenceError"
      ? ": variables around a function do not travel with it, what it needs goes into args"
      : "";
  return new PlayError(error.message + hint, data, { cause: error });
}
