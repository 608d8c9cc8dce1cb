import { parentPort, workerData } from "node:worker_threads";
import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { QuickjsInstance } from "./quickjs-instance.ts";
import { DEFAULT_LIMITS, type ScriptResult, type Snapshot } from "./sandbox.ts";
import { SequenceSnapshot } from "./sequence-snapshot.ts";
import {
  Cell,
  Claim,
  type Report,
  type ReportEntry,
  type ThreadApi,
  type ThreadData,
  type ThreadPlay,
  type ThreadSequence,
} from "./thread-protocol.ts";

/** What has happened is reported after this long, if not before: a slow play does not keep back what others gave. */
const MOST_DELAY_MS = 2;

const LATE: ScriptResult = { end: { kind: "late" }, writes: [], cpuMs: 0, killed: false };

/** A sequence that has run for this long gives others their turn. */
const MOST_SEQUENCE_MS = 20;

/**
 * Makes this worker thread a place where scripts run, one at a time. `openSnapshot` turns what a sequence says of the
 * state to read into that state.
 */
export function serveSandbox<Source>(openSnapshot: (source: Source) => Snapshot): void {
  const port = parentPort;
  if (!port) throw new Error("sandbox: expected to run in a worker thread");
  const { module, control } = workerData as ThreadData;
  const cells = new Int32Array(control);
  const instance = new QuickjsInstance(module);
  let entries: ReportEntry[] = [];
  let reported = 0;
  /** The last play of which an event was reported before its result. */
  let toldOf = 0;

  const takeReport = (): Report => {
    const taken = { entries };
    const last = entries.at(-1);
    if (last && "event" in last) toldOf = last.number;
    entries = [];
    reported = performance.now();
    return taken;
  };
  const reportIfDue = () => {
    if (entries.length > 0 && performance.now() - reported >= MOST_DELAY_MS) port.postMessage(takeReport());
  };
  const report = (entry: ReportEntry) => {
    entries.push(entry);
    // A play whose result is lost with its thread runs again: what it said must not have left before.
    if ("result" in entry && entry.number === toldOf) port.postMessage(takeReport());
    else reportIfDue();
  };
  const play = (snapshot: Snapshot, circle: string, next: ThreadPlay, left: number) => {
    const { number, script, args, caller } = next;
    const limits = { ...DEFAULT_LIMITS, ...next.limits };
    Atomics.store(cells, Cell.Running, number);
    try {
      return instance.run({
        script,
        args,
        caller,
        circle,
        snapshot,
        limits: { ...limits, wallMs: Math.min(limits.wallMs, left) },
        emit: (event) => report({ number, event }),
        cancelled: () => {
          reportIfDue(); // asked every now and then: what was said before a long computation is not kept back by it
          return Atomics.load(cells, Cell.Cancelled) === number;
        },
      });
    } finally {
      Atomics.store(cells, Cell.Running, 0);
    }
  };
  const runSequence = ({ circle, snapshot: source, written, plays }: ThreadSequence<Source>) => {
    const snapshot = new SequenceSnapshot(openSnapshot(source));
    snapshot.apply(written);
    const start = performance.now();
    for (const next of plays) {
      const left = next.deadline - Date.now();
      const result = left > 0 ? play(snapshot, circle, next, left) : LATE;
      snapshot.apply(result.writes);
      report({ number: next.number, result });
      if (result.end.kind === "thrown" && result.end.compiling) return;
      if (performance.now() - start > MOST_SEQUENCE_MS) return;
    }
  };
  const run = (sequences: readonly ThreadSequence<Source>[]) => {
    reported = performance.now();
    for (const [i, sequence] of sequences.entries()) {
      const claim = Atomics.compareExchange(cells, Cell.FirstClaim + i, Claim.Free, Claim.Taken);
      if (claim !== Claim.Free) continue;
      try {
        runSequence(sequence);
      } catch (error) {
        // The last one has no result yet, wherever this happened.
        const number = sequence.plays.at(-1)?.number ?? 0;
        report({ number, failure: error instanceof Error ? error : new Error(String(error)) });
      }
    }
    return takeReport();
  };
  expose({ ready: () => {}, run } satisfies ThreadApi<Source>, nodeEndpoint(port));
}
