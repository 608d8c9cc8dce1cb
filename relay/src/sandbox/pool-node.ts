import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { type Remote, wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import type { ScriptResult } from "./sandbox.ts";
import {
  DEFAULT_LIMITS,
  type Limits,
  type RunOptions,
  type Sandbox,
  type SandboxPlay,
  type ScriptEnd,
} from "./sandbox.ts";
import { isEventMessage, type ThreadApi, type ThreadData } from "./thread-protocol.ts";

export type ThreadPoolOptions = {
  /** The module that the threads run; it calls `serveSandbox`. */
  readonly thread: URL;
  /** Scripts that run at the same time. */
  readonly threads: number;
  /** What a script that does not stop by itself gets beyond its limits before its thread is ended. Default 250. */
  readonly graceMs?: number;
};

/** A thread's own JavaScript heap holds one play's texts; QuickJS's memory is outside it. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, stackSizeMb: 8 };

type Pending<Source> = {
  readonly play: SandboxPlay<Source>;
  readonly limits: Limits;
  readonly options: RunOptions;
  readonly resolve: (result: ScriptResult) => void;
  readonly reject: (error: unknown) => void;
};

type Running<Source> = Pending<Source> & { readonly number: number; watchdog: NodeJS.Timeout; onAbort: () => void };

type Thread<Source> = {
  readonly worker: Worker;
  readonly remote: Remote<ThreadApi<Source>>;
  readonly control: Int32Array;
  running: Running<Source> | undefined;
};

/** quickjs-wasi's engine, compiled once for all threads. */
export async function compileEngine(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm")));
}

/**
 * A sandbox on worker threads that are kept warm. Scripts start in the order of `run` calls. A thread whose script does
 * not stop in time is terminated, whatever it hangs in, and another takes its place.
 */
export class ThreadPool<Source> implements Sandbox<Source> {
  readonly #options: Required<ThreadPoolOptions>;
  readonly #module: WebAssembly.Module;
  readonly #threads = new Set<Thread<Source>>();
  readonly #idle: Thread<Source>[] = [];
  #queue: Pending<Source>[] = [];
  #jobs = 0;
  #broken: unknown;
  #closed = false;

  private constructor(module: WebAssembly.Module, options: ThreadPoolOptions) {
    this.#module = module;
    this.#options = { graceMs: 250, ...options };
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

  async run(play: SandboxPlay<Source>, options: RunOptions = {}): Promise<ScriptResult> {
    if (this.#closed) throw new Error("sandbox: closed");
    if (this.#broken) throw new Error("sandbox: no thread could be started", { cause: this.#broken });
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    return new Promise((resolve, reject) => {
      const pending = { play, limits, options, resolve, reject };
      const thread = this.#idle.pop();
      if (thread) this.#dispatch(thread, pending);
      else this.#queue.push(pending);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#rejectAll(new Error("sandbox: closed"));
    await Promise.all(Array.from(this.#threads, ({ worker }) => worker.terminate()));
  }

  async #startThread(): Promise<void> {
    const control = new SharedArrayBuffer(4);
    const worker = new Worker(this.#options.thread, {
      workerData: { module: this.#module, control } satisfies ThreadData,
      resourceLimits: RESOURCE_LIMITS,
      env: {}, // a script that broke out of everything else would find no secrets here
    });
    const remote = wrap<ThreadApi<Source>>(nodeEndpoint(worker));
    const thread: Thread<Source> = { worker, remote, control: new Int32Array(control), running: undefined };
    worker.on("message", (message: unknown) => {
      const { running } = thread;
      if (isEventMessage(message) && message.job === running?.number) {
        for (const event of message.events) running.options.onEvent?.(event);
      }
    });
    // comlink's calls to a thread that ended never settle, so its end is heard of here.
    const ended = new Promise<never>((_, reject) => {
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("sandbox: a thread ended")));
    });
    ended.catch((cause: unknown) => this.#lose(thread, cause));
    this.#threads.add(thread);
    await Promise.race([remote.ready(), ended]);
    this.#release(thread);
  }

  #release(thread: Thread<Source>): void {
    if (!this.#threads.has(thread)) return;
    const next = this.#queue.shift();
    if (next) this.#dispatch(thread, next);
    else this.#idle.push(thread);
  }

  #dispatch(thread: Thread<Source>, pending: Pending<Source>): void {
    const { play, limits, options } = pending;
    if (options.signal?.aborted) {
      pending.resolve({ end: { kind: "cancelled" }, writes: [], cpuMs: 0, killed: false });
      this.#release(thread);
      return;
    }
    this.#jobs = (this.#jobs + 1) | 0;
    const number = this.#jobs;
    const { graceMs } = this.#options;
    const outlived = () => this.#kill(thread, outlivedEnd(limits));
    const onAbort = () => {
      Atomics.store(thread.control, 0, number);
      clearTimeout(running.watchdog);
      running.watchdog = setTimeout(() => this.#kill(thread, { kind: "cancelled" }), graceMs);
    };
    const watchdog = setTimeout(outlived, Math.min(limits.cpuMs, limits.wallMs) + graceMs);
    const running = { ...pending, number, watchdog, onAbort };
    thread.running = running;
    options.signal?.addEventListener("abort", onAbort, { once: true });
    thread.remote.run({ number, play, limits }).then(
      ({ result, events }) => {
        if (thread.running !== running) return; // killed meanwhile: it has its result
        this.#settle(thread);
        for (const event of events) options.onEvent?.(event);
        pending.resolve(result);
        this.#release(thread);
      },
      (error: unknown) => {
        if (thread.running !== running) return;
        this.#settle(thread);
        pending.reject(new Error("sandbox: a thread failed", { cause: error }));
        this.#release(thread);
      },
    );
  }

  #settle(thread: Thread<Source>): Running<Source> | undefined {
    const { running } = thread;
    if (!running) return undefined;
    clearTimeout(running.watchdog);
    running.options.signal?.removeEventListener("abort", running.onAbort);
    thread.running = undefined;
    return running;
  }

  /** Ends a thread whose script does not stop. Its caller has its result at once; another thread takes its place. */
  #kill(thread: Thread<Source>, end: ScriptEnd): void {
    const running = this.#settle(thread);
    const { cpuMs, wallMs } = running?.limits ?? DEFAULT_LIMITS;
    running?.resolve({ end, writes: [], cpuMs: Math.min(cpuMs, wallMs), killed: true });
    void thread.worker.terminate();
    this.#replace(thread);
  }

  /** A thread ended by itself: it ran out of its heap, or crashed. The script that ran in it is taken to be the cause. */
  #lose(thread: Thread<Source>, cause: unknown): void {
    const running = this.#settle(thread);
    running?.resolve({
      end: { kind: "thrown", name: "InternalError", message: "the script's thread ended" },
      writes: [],
      cpuMs: 0,
      killed: true,
    });
    if (running || this.#idle.includes(thread)) this.#replace(thread);
    else if (this.#threads.delete(thread)) this.#break(cause); // it never became ready: another would not either
  }

  #replace(thread: Thread<Source>): void {
    if (!this.#threads.delete(thread) || this.#closed) return;
    const idle = this.#idle.indexOf(thread);
    if (idle >= 0) this.#idle.splice(idle, 1);
    this.#startThread().catch(() => {}); // told to #lose
  }

  #break(cause: unknown): void {
    if (this.#closed || this.#threads.size > 0) return;
    this.#broken = cause;
    this.#rejectAll(new Error("sandbox: no thread could be started", { cause }));
  }

  #rejectAll(error: Error): void {
    for (const thread of this.#threads) this.#settle(thread)?.reject(error);
    for (const pending of this.#queue) pending.reject(error);
    this.#queue = [];
  }
}

function outlivedEnd({ cpuMs, wallMs }: Limits): ScriptEnd {
  return cpuMs <= wallMs
    ? { kind: "limit", limit: "cpu_ms", allowed: cpuMs }
    : { kind: "limit", limit: "wall_ms", allowed: wallMs };
}
