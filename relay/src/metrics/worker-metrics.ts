import { Counter, Histogram, type Registry } from "prom-client";
import type { Outcome } from "../task.ts";
import type { WorkerObserver } from "../worker/worker-observer.ts";
import { codeLabel } from "./labels.ts";

/** From nothing to the longest that anything may take by default. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What a worker counts: plays by how they ended, and where their time went. */
export function makeWorkerMetrics(registry: Registry): WorkerObserver {
  const registers = [registry];
  const plays = new Counter({
    name: "circles_plays_total",
    help: "Plays that ended here, by outcome: completed, waiting for the owner, or the name of an error",
    labelNames: ["outcome"],
    registers,
  });
  const waitSeconds = new Histogram({
    name: "circles_queue_wait_seconds",
    help: "Time that plays were in line before a worker took them",
    buckets: SECONDS,
    registers,
  });
  const runSeconds = new Histogram({
    name: "circles_run_seconds",
    help: "Time that scripts ran, waiting for a thread included",
    buckets: SECONDS,
    registers,
  });
  const commitSeconds = new Histogram({
    name: "circles_commit_seconds",
    help: "Time from the end of a script to its record in the log",
    buckets: SECONDS,
    registers,
  });
  return {
    taken: ({ queuedAt }) => {
      // Clocks of two machines differ: a play that was taken before it came did not wait.
      if (queuedAt !== undefined) waitSeconds.observe(Math.max(0, Date.now() - queuedAt) / 1000);
    },
    ran: (_, ms) => runSeconds.observe(ms / 1000),
    committed: (_, ms) => commitSeconds.observe(ms / 1000),
    ended: (_, outcome) => plays.inc({ outcome: outcomeLabel(outcome) }),
  };
}

function outcomeLabel(outcome: Outcome | "waiting"): string {
  if (outcome === "waiting") return outcome;
  return "output" in outcome ? outcome.status : codeLabel(outcome.failure.code);
}
