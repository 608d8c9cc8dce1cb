import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { PoolThread } from "./pool-thread-node.ts";
import { QueuedSequence } from "./queued-sequence.ts";
import type { Sandbox, SandboxPlay, ScriptEnd, ScriptResult, Sequence } from "./sandbox.ts";
import { MOST_SEQUENCES, type Report } from "./thread-protocol.ts";
import type { TypeStripper } from "./type-stripper.ts";
import { compileAsTypeScript } from "./typescript.ts";
import { Watch } from "./watch.ts";

export type ThreadPoolOptions = {
  /** The module that the threads run; it calls `serveSandbox`. */
  readonly thread: URL;
  /** Scripts that run at the same time. */
  readonly threads: number;
  /** Takes the types out of scripts that are not JavaScript. If left out, they do not compile. */
  readonly stripper?: TypeStripper;
  /** What a script that does not stop by itself gets beyond its limits before its thread is ended. Default 200. */
  readonly graceMs?: number;
};

/** How often running scripts are looked at from outside. */
const LOOK_EVERY_MS = 10;
const START_AGAIN_AFTER_MS = 500;

/** quickjs-wasi's engine, compiled once for all threads. */
export async function compileEngine(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm")));
}

/**
 * A sandbox on worker threads that are kept warm. Sequences start in the order of `run` calls. A thread whose script does
 * not stop in time is terminated, whatever it hangs in; another takes its place and runs what it had not run.
 */
export class ThreadPool<Source> implements Sandbox<Source> {
  readonly #options: ThreadPoolOptions & { graceMs: number };
  readonly #module: WebAssembly.Module;
  readonly #threads = new Map<PoolThread<Source>, Watch>();
  readonly #idle = new Set<PoolThread<Source>>();
  #queue: QueuedSequence<Source>[] = [];
  /** Those whose next script is having its types taken out. */
  readonly #compiling = new Set<QueuedSequence<Source>>();
  #looking: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  private constructor(module: WebAssembly.Module, options: ThreadPoolOptions) {
    this.#module = module;
    this.#options = { graceMs: 200, ...options };
  }

  /** Resolves when all threads are warm. Rejects if one cannot start. */
  static async start<Source>(options: ThreadPoolOptions): Promise<ThreadPool<Source>> {
    const pool = new ThreadPool<Source>(await compileEngine(), options);
    try {
      await Promise.all(Array.from({ length: options.threads }, () => pool.#startThread()));
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  run(sequence: Sequence<Source>): Promise<ScriptResult>[] {
    const queued = new QueuedSequence(sequence, this.#options.stripper);
    if (this.#failure) queued.reject(this.#failure);
    else this.#enqueue([queued]);
    return queued.results;
  }

  reauthorize(circle: string, authorityOf: (play: SandboxPlay) => string): void {
    for (const sequence of this.#queue) sequence.reauthorize(circle, authorityOf);
    for (const sequence of this.#compiling) sequence.reauthorize(circle, authorityOf);
    for (const thread of this.#threads.keys()) thread.reauthorize(circle, authorityOf);
  }

  async close(): Promise<void> {
    this.#fail(new Error("sandbox: closed"));
    await this.#options.stripper?.close();
    await Promise.all(Array.from(this.#threads.keys(), (thread) => thread.terminate()));
  }

  async #startThread(): Promise<void> {
    const { thread: script, graceMs } = this.#options;
    const thread: PoolThread<Source> = new PoolThread<Source>({
      script,
      module: this.#module,
      onReport: (report) => this.#receive(thread, report),
    });
    this.#threads.set(thread, new Watch(graceMs));
    try {
      await thread.ready();
    } catch (error) {
      this.#threads.delete(thread);
      throw error;
    }
    thread.ended.catch((cause: unknown) => this.#lose(thread, cause));
    this.#serve(thread);
  }

  /** Puts sequences at the end of the line, or, if they had their turn, at its head. */
  #enqueue(sequences: readonly QueuedSequence<Source>[], { first = false } = {}): void {
    if (first) this.#queue.unshift(...sequences);
    else this.#queue.push(...sequences);
    for (const thread of this.#idle) {
      if (this.#queue.length === 0) return;
      this.#serve(thread);
    }
  }

  /** Gives a thread that has nothing to do its share of what waits. */
  #serve(thread: PoolThread<Source>): void {
    if (this.#failure || !this.#threads.has(thread)) return;
    this.#idle.delete(thread);
    const share = Math.min(MOST_SEQUENCES, Math.ceil(this.#queue.length / this.#threads.size));
    const batch = share > 0 ? this.#queue.splice(0, share) : this.#takeBack();
    if (batch.length === 0) {
      this.#idle.add(thread);
      return;
    }
    this.#look();
    thread.run(batch).then(
      (unfinished) => {
        if (!this.#threads.has(thread)) return; // given up, and it answers late
        this.#idle.add(thread);
        this.#enqueue(unfinished);
        if (this.#idle.has(thread)) this.#serve(thread);
      },
      (error: unknown) => {
        for (const sequence of thread.sequences) sequence.reject(failed(error));
        this.#serve(thread);
      },
    );
  }

  /** What another thread has and has not begun. */
  #takeBack(): QueuedSequence<Source>[] {
    for (const thread of this.#threads.keys()) {
      const taken = thread.takeBack();
      if (taken.length > 0) return taken;
    }
    return [];
  }

  #receive(thread: PoolThread<Source>, { entries }: Report): void {
    for (const entry of entries) {
      const sequence = thread.sequences.find((candidate) => candidate.has(entry.number));
      if (!sequence) continue; // the thread was given up, or the sequence has its result already
      if ("event" in entry) sequence.emit(entry.number, entry.event);
      else if ("failure" in entry) sequence.reject(failed(entry.failure));
      else this.#settle(thread, sequence, entry.result);
    }
  }

  #settle(thread: PoolThread<Source>, sequence: QueuedSequence<Source>, result: ScriptResult): void {
    if (result.end.kind !== "thrown" || !result.end.compiling) {
      sequence.settle(result);
      return;
    }
    // The thread stopped here, for what follows may depend on this play.
    thread.release(sequence);
    this.#compiling.add(sequence);
    void this.#compile(sequence, result).then(() => {
      this.#compiling.delete(sequence);
      if (!sequence.ended && !this.#failure) this.#enqueue([sequence], { first: true });
    });
  }

  /** Perhaps the next script of the sequence is TypeScript; if it is not, it has its result. */
  async #compile(sequence: QueuedSequence<Source>, result: ScriptResult): Promise<void> {
    const { stripper } = this.#options;
    const compiled =
      stripper && sequence.next ? await compileAsTypeScript(stripper, sequence.next, result) : { result };
    if ("script" in compiled) sequence.replaceScript(compiled.script);
    else sequence.settle(compiled.result);
  }

  /** Looks at the threads as long as one of them has something to do. */
  #look(): void {
    this.#looking ??= setInterval(() => {
      const now = performance.now();
      for (const [thread, watch] of this.#threads) {
        const number = thread.running;
        const sequence = thread.sequences.find((candidate) => candidate.has(number));
        const cancelled = sequence?.isCancelled(number) ?? false;
        thread.cancel(sequence?.cancelled(number) ?? 0);
        const end = watch.look({ number, limits: sequence?.limitsOf(number) ?? {}, cancelled }, now);
        if (end && thread.running === number) this.#kill(thread, number, end);
      }
      if (this.#idle.size < this.#threads.size) return;
      clearInterval(this.#looking);
      this.#looking = undefined;
    }, LOOK_EVERY_MS);
  }

  /** Ends a thread whose script does not stop. */
  #kill(thread: PoolThread<Source>, number: number, end: ScriptEnd): void {
    void thread.terminate();
    // Plays before it may have ended without a report: they run again, for what they gave is lost and harmless.
    this.#endAt(thread, number, end);
    this.#replace(thread);
  }

  /** A thread ended by itself: it ran out of its heap, or crashed. What ran in it is taken to be the cause. */
  #lose(thread: PoolThread<Source>, cause: unknown): void {
    if (this.#failure || !this.#threads.has(thread)) return;
    const number = thread.running;
    if (number === 0) for (const sequence of thread.sequences) sequence.lose(failed(cause));
    else this.#endAt(thread, number, { kind: "thrown", name: "InternalError", message: "the script's thread ended" });
    this.#replace(thread);
  }

  #endAt(thread: PoolThread<Source>, number: number, end: ScriptEnd): void {
    const sequence = thread.sequences.find((candidate) => candidate.has(number));
    sequence?.endAt(number, { end, writes: [], cpuMs: 0, killed: true, used: [] });
  }

  #replace(thread: PoolThread<Source>): void {
    const unfinished = thread.giveUp();
    this.#threads.delete(thread);
    this.#idle.delete(thread);
    this.#enqueue(unfinished, { first: true });
    void this.#startAnother();
  }

  /** Tries until it succeeds: the machine may lack memory for a moment. What waits with no thread left is given up. */
  async #startAnother(): Promise<void> {
    while (!this.#failure) {
      try {
        await this.#startThread();
        return;
      } catch (cause) {
        const error = new Error("sandbox: a thread could not be started", { cause });
        if (this.#threads.size === 0) for (const sequence of this.#queue.splice(0)) sequence.reject(error);
        await new Promise((resolve) => setTimeout(resolve, START_AGAIN_AFTER_MS).unref());
      }
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    clearInterval(this.#looking);
    for (const thread of this.#threads.keys()) for (const sequence of thread.sequences) sequence.reject(this.#failure);
    for (const sequence of this.#queue.splice(0)) sequence.reject(this.#failure);
  }
}

function failed(cause: unknown): Error {
  return new Error("sandbox: a thread failed", { cause });
}
