import type { StatsFs } from "node:fs";
import { statfs } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { Counter, collectDefaultMetrics, Gauge, type Registry } from "prom-client";

export type ProcessMetricsParts = {
  readonly version: string;
  /** Plays that wait or run; `undefined` while nobody can tell. */
  readonly depth: () => Promise<number | undefined>;
  /** Why the process takes no plays now; `undefined` if it does. */
  readonly unready: () => string | undefined;
  /** Where circles are kept; `undefined` in a process that keeps none. */
  readonly dbPath: string | undefined;
};

/** A Redis that does not answer keeps nobody from reading the rest. */
const MOST_WAIT_MS = 1_000;

/** What a process counts beside plays. */
export type ProcessMetrics = {
  /** Something happened that should not: see the log. */
  failed(what: "play" | "circle" | "redis"): void;
};

/** Counts the process itself, what is in line, and what is left of its disk, when asked. */
export function makeProcessMetrics(registry: Registry, parts: ProcessMetricsParts): ProcessMetrics {
  const registers = [registry];
  const { version, depth, unready, dbPath } = parts;
  collectDefaultMetrics({ register: registry });
  const build = new Gauge({
    name: "circles_build_info",
    help: "1, with the version",
    labelNames: ["version"],
    registers,
  });
  build.set({ version }, 1);
  const ready = new Gauge({
    name: "circles_ready",
    help: "1 while the process takes plays, else 0",
    registers: [],
    collect() {
      this.set(unready() === undefined ? 1 : 0);
    },
  });
  const queueDepth = new Gauge({
    name: "circles_queue_depth",
    help: "Plays in line or running; of all that share a Redis, where there is one",
    registers: [],
    async collect() {
      const count = await Promise.race([depth(), wait(MOST_WAIT_MS, undefined, { ref: false })]);
      if (count === undefined) this.remove();
      else this.set(count);
    },
  });
  registry.registerMetric(ready);
  registry.registerMetric(queueDepth);
  if (dbPath !== undefined) addStorage(registry, dbPath);
  const failures = new Counter({
    name: "circles_failures_total",
    help: "What should not happen: plays and circles that failed, connections to Redis that were lost",
    labelNames: ["what"],
    registers,
  });
  for (const what of ["play", "circle", "redis"]) failures.inc({ what }, 0); // so that the first is seen to come
  return { failed: (what) => failures.inc({ what }) };
}

function addStorage(registry: Registry, dbPath: string): void {
  const add = (name: string, help: string, read: (found: StatsFs) => number) => {
    const gauge = new Gauge({
      name,
      help,
      registers: [],
      async collect() {
        // A file system that is gone is seen by what is missing here; what else there is to tell is told.
        const found = await statfs(dbPath).catch(() => undefined);
        if (found) this.set(read(found));
        else this.remove();
      },
    });
    registry.registerMetric(gauge);
  };
  add("circles_storage_size_bytes", "Size of the circles' file system", ({ blocks, bsize }) => blocks * bsize);
  add(
    "circles_storage_free_bytes",
    "Bytes of it that this process may still write",
    ({ bavail, bsize }) => bavail * bsize,
  );
}
