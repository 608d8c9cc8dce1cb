import { parentPort, workerData } from "node:worker_threads";
import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import type { Event } from "../task.ts";
import { QuickjsInstance } from "./quickjs-instance.ts";
import type { Snapshot } from "./sandbox.ts";
import type { EventMessage, ThreadApi, ThreadData, ThreadJob } from "./thread-protocol.ts";

const MOST_EVENT_DELAY_MS = 5;

/**
 * Makes this worker thread a place where scripts run, one at a time. `openSnapshot` turns what a job says of the state
 * to read into that state.
 */
export function serveSandbox<Source>(openSnapshot: (source: Source) => Snapshot): void {
  const port = parentPort;
  if (!port) throw new Error("sandbox: expected to run in a worker thread");
  const { module, control } = workerData as ThreadData;
  const cancelled = new Int32Array(control);
  const instance = new QuickjsInstance(module);

  const run = ({ number, play, limits }: ThreadJob<Source>) => {
    let events: Event[] = [];
    let flushed = performance.now();
    const emit = (event: Event) => {
      events.push(event);
      if (performance.now() - flushed < MOST_EVENT_DELAY_MS) return;
      port.postMessage({ job: number, events } satisfies EventMessage);
      events = [];
      flushed = performance.now();
    };
    const { script, args, caller, circle } = play;
    const snapshot = openSnapshot(play.snapshot);
    const isCancelled = () => Atomics.load(cancelled, 0) === number;
    const result = instance.run({ script, args, caller, circle, snapshot, limits, emit, cancelled: isCancelled });
    return { result, events };
  };
  expose({ ready: () => {}, run } satisfies ThreadApi<Source>, nodeEndpoint(port));
}
