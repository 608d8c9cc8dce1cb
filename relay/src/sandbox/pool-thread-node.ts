import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { type Remote, wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import type { QueuedSequence } from "./queued-sequence.ts";
import type { SandboxPlay } from "./sandbox.ts";
import {
  Cell,
  Claim,
  isReport,
  MOST_SEQUENCES,
  type Question,
  type Report,
  type SideMessage,
  type ThreadApi,
  type ThreadData,
} from "./thread-protocol.ts";

/** A thread's own JavaScript heap holds all that a sequence wrote; QuickJS's memory is outside it. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 512, stackSizeMb: 8 };

export type PoolThreadParts = {
  /** The module that the thread runs; it calls `serveSandbox`. */
  readonly script: URL;
  readonly module: WebAssembly.Module;
  readonly onReport: (report: Report) => void;
};

/** One worker thread and the sequences that it has. */
export class PoolThread<Source> {
  readonly #worker: Worker;
  readonly #remote: Remote<ThreadApi<Source>>;
  readonly #cells: Int32Array;
  readonly #side: MessagePort;
  readonly #onReport: (report: Report) => void;
  /** By their place in the message, which is also their cell's. */
  #sequences = new Map<number, QueuedSequence<Source>>();
  /** Rejects when the thread ends, for comlink's calls to it never settle then. */
  readonly ended: Promise<never>;

  constructor({ script, module, onReport }: PoolThreadParts) {
    const control = new SharedArrayBuffer(4 * (Cell.FirstClaim + MOST_SEQUENCES));
    this.#cells = new Int32Array(control);
    this.#onReport = onReport;
    const { port1, port2 } = new MessageChannel();
    this.#side = port1;
    port1.on("message", (question: Question) => this.#answer(question));
    port1.unref(); // the worker itself keeps the process alive
    this.#worker = new Worker(script, {
      workerData: { module, control, side: port2 as unknown as ThreadData["side"] } satisfies ThreadData,
      transferList: [port2],
      resourceLimits: RESOURCE_LIMITS,
      env: {}, // a script that broke out of everything else would find no secrets here
    });
    this.#remote = wrap<ThreadApi<Source>>(nodeEndpoint(this.#worker));
    this.#worker.on("message", (message: unknown) => {
      if (isReport(message)) onReport(message);
    });
    this.ended = new Promise<never>((_, reject) => {
      this.#worker.once("error", reject);
      this.#worker.once("exit", () => port1.close());
      this.#worker.once("exit", () => reject(new Error("sandbox: a thread ended")));
    });
    this.ended.catch(() => {}); // whoever needs to know asks
  }

  ready(): Promise<void> {
    return Promise.race([this.#remote.ready(), this.ended]);
  }

  /** Number of the play that runs now; 0 if none. */
  get running(): number {
    return Atomics.load(this.#cells, Cell.Running);
  }

  /** Those that were given to the thread, not taken back, and not all of whose plays have a result. */
  get sequences(): QueuedSequence<Source>[] {
    return Array.from(this.#sequences.values()).filter(({ ended }) => !ended);
  }

  /**
   * Gives sequences to the thread. Resolves when it has nothing left to do, after `onReport` has heard of everything, with
   * those that need another turn.
   */
  async run(sequences: readonly QueuedSequence<Source>[]): Promise<QueuedSequence<Source>[]> {
    this.#sequences = new Map(sequences.entries());
    for (let i = 0; i < sequences.length; i++) Atomics.store(this.#cells, Cell.FirstClaim + i, Claim.Free);
    this.#onReport(await this.#remote.run(sequences.map((sequence) => sequence.dispatch())));
    return this.giveUp();
  }

  /** Has the thread no longer answer for a sequence that it stopped in. */
  release(sequence: QueuedSequence<Source>): void {
    for (const [i, candidate] of this.#sequences) if (candidate === sequence) this.#sequences.delete(i);
  }

  /** Takes everything back from a thread that is given up. What it may still report is nobody's any more. */
  giveUp(): QueuedSequence<Source>[] {
    const unfinished = this.sequences;
    this.#sequences.clear();
    return unfinished;
  }

  /** Takes back about half of the sequences that the thread has not begun, the last first. */
  takeBack(): QueuedSequence<Source>[] {
    const waiting = Array.from(this.#sequences.keys()).filter(
      (i) => Atomics.load(this.#cells, Cell.FirstClaim + i) === Claim.Free,
    );
    const taken: QueuedSequence<Source>[] = [];
    for (const i of waiting.slice(Math.floor(waiting.length / 2))) {
      const claim = Atomics.compareExchange(this.#cells, Cell.FirstClaim + i, Claim.Free, Claim.TakenBack);
      const sequence = this.#sequences.get(i);
      if (claim !== Claim.Free || !sequence) continue;
      this.#sequences.delete(i);
      taken.push(sequence);
    }
    return taken;
  }

  /** Tells the play that runs now to end, if it is this one. */
  cancel(number: number): void {
    Atomics.store(this.#cells, Cell.Cancelled, number);
  }

  /** Gives the plays of a circle another authority: those that run or wait in the thread, and those that come back. */
  reauthorize(circle: string, authorityOf: (play: SandboxPlay) => string): void {
    for (const sequence of this.sequences) {
      for (const { number, authority } of sequence.reauthorize(circle, authorityOf)) this.#tell({ number, authority });
    }
  }

  /** The thread waits for this, so it is to be told in any case. */
  #answer({ question, number, asked }: Question): void {
    const sequence = this.sequences.find((candidate) => candidate.has(number));
    const answering = sequence ? sequence.answer(asked) : Promise.reject(new Error("the play was given up"));
    answering
      .then((value) => this.#tell({ answerTo: question, value }))
      .catch((error: unknown) => this.#tell({ answerTo: question, failure: String(error) }));
  }

  #tell(message: SideMessage): void {
    this.#side.postMessage(message);
    Atomics.add(this.#cells, Cell.Told, 1);
    Atomics.notify(this.#cells, Cell.Told);
  }

  /** Ends the thread, whatever it hangs in. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
