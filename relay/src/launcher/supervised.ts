import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Logger } from "pino";

export type Program = {
  readonly name: string;
  readonly main: string;
  readonly args: readonly string[];
  /** Variables that it gets beside those of this process. What is secret goes here: everybody on a machine can read arguments. */
  readonly env?: Readonly<Record<string, string>>;
};

const LEAST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 10_000;
/** One that ran so long is started again at once. */
const STEADY_MS = 10_000;
/** What a process gets to end in good order; then it is killed. */
const END_MS = 20_000;

/** A process that is started again whenever it ends, until it is told to stop. */
export class Supervised {
  readonly #program: Program;
  readonly #log: Logger;
  #child: ChildProcess | undefined;
  #backoffMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #ready: Promise<void>;
  #isReady: () => void = () => {};

  constructor(program: Program, log: Logger) {
    this.#program = program;
    this.#log = log;
    this.#ready = this.#untilReady();
    this.#start();
  }

  /** Resolves when the process says in its first line that it is ready. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Lets it end in good order. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), END_MS);
    await ended;
    clearTimeout(kill);
  }

  #start(): void {
    const { name, main, args, env } = this.#program;
    const since = performance.now();
    const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
      env: { UV_THREADPOOL_SIZE: "16", ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    createInterface({ input: child.stdout }).once("line", () => {
      this.#log.info({ name, pid: child.pid }, "ready");
      this.#isReady();
    });
    child.once("error", (err) => this.#log.error({ err, name }, "could not be started"));
    child.once("close", (code, signal) => {
      if (this.#isStopped) return;
      const isSteady = performance.now() - since > STEADY_MS;
      this.#backoffMs = isSteady ? 0 : Math.min(MOST_BACKOFF_MS, Math.max(LEAST_BACKOFF_MS, 2 * this.#backoffMs));
      this.#log.warn({ name, code, signal, startsAgainInMs: this.#backoffMs }, "ended; it is started again");
      this.#ready = this.#untilReady();
      this.#timer = setTimeout(() => this.#start(), this.#backoffMs);
    });
  }

  #untilReady(): Promise<void> {
    return new Promise((resolve) => {
      this.#isReady = resolve;
    });
  }
}
