import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { QuickjsInstance } from "./quickjs-instance.ts";
import { type Authority, DEFAULT_LIMITS, type ScriptResult, type Snapshot, type Tools } from "./sandbox.ts";
import { SequenceSnapshot } from "./sequence-snapshot.ts";
import { SideLine } from "./side-line-thread.ts";
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

const LATE: ScriptResult = { end: { kind: "late" }, writes: [], cpuMs: 0, killed: false, used: [] };

/** A sequence that has run for this long gives others their turn. */
const MOST_SEQUENCE_MS = 20;

/** Asks the sequence's `answer` on the main thread, and waits. Only while a play runs. */
export type Ask = (question: unknown) => unknown;

export type ThreadParts<Source> = {
  /** Turns what a sequence says of the state to read into that state. */
  readonly openSnapshot: (source: Source, ask: Ask) => Snapshot;
  /** Turns the text that a play brings into what it may do. Each play has its own. */
  readonly openAuthority: (text: string) => Authority;
  readonly tools: (ask: Ask) => Tools;
};

/** Makes this worker thread a place where scripts run, one at a time. */
export function serveSandbox<Source>({ openSnapshot, openAuthority, tools: makeTools }: ThreadParts<Source>): void {
  const port = parentPort;
  if (!port) throw new Error("sandbox: expected to run in a worker thread");
  const { module, control, side } = workerData as ThreadData;
  const cells = new Int32Array(control);
  const sideLine = new SideLine(side as unknown as MessagePort, cells);
  const instance = new QuickjsInstance(module);
  let entries: ReportEntry[] = [];
  let reported = 0;
  /** The last play of which an event was reported before its result. */
  let toldOf = 0;

  /** The play that runs, for whom questions are asked. */
  let asking: { readonly number: number; readonly giveUp: () => boolean } | undefined;
  const ask: Ask = (question) => {
    if (!asking) throw new Error("sandbox: expected a question of a play that runs, got one of none");
    return sideLine.ask(asking.number, question, asking.giveUp);
  };
  const tools = makeTools(ask);

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
    const { number, script, args, caller, lane } = next;
    const limits = { ...DEFAULT_LIMITS, ...next.limits };
    const wallMs = Math.min(limits.wallMs, left);
    const end = performance.now() + Math.min(limits.cpuMs, wallMs);
    const cancelled = () => {
      reportIfDue(); // asked every now and then: what was said before a long computation is not kept back by it
      return Atomics.load(cells, Cell.Cancelled) === number;
    };
    asking = { number, giveUp: () => cancelled() || performance.now() > end };
    Atomics.store(cells, Cell.Running, number);
    try {
      return instance.run({
        script,
        args,
        caller,
        circle,
        lane,
        snapshot,
        tools,
        limits: { ...limits, wallMs },
        authority: authorityOf(next),
        emit: (event) => report({ number, event }),
        cancelled,
      });
    } finally {
      Atomics.store(cells, Cell.Running, 0);
      asking = undefined;
    }
  };
  /** What a play may do, asked at each of its host calls: opened anew when it was changed. */
  const authorityOf = ({ number, authority: given }: ThreadPlay) => {
    let text: string | undefined;
    let opened: Authority | undefined;
    return () => {
      const now = sideLine.authorityOf(number) ?? given;
      if (now !== text) opened = now === "" ? undefined : openAuthority(now);
      text = now;
      return opened;
    };
  };
  const runSequence = ({ circle, snapshot: source, written, plays }: ThreadSequence<Source>) => {
    const snapshot = new SequenceSnapshot(openSnapshot(source, ask));
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
    sideLine.forget();
    return takeReport();
  };
  expose({ ready: () => {}, run } satisfies ThreadApi<Source>, nodeEndpoint(port));
}
