import type { Logger } from "pino";
import { Registry } from "prom-client";
import type { GatewayObserver } from "../gateway/gateway-observer.ts";
import { makeGatewayMetrics } from "../metrics/gateway-metrics.ts";
import { makeProcessMetrics, type ProcessMetrics, type ProcessMetricsParts } from "../metrics/process-metrics.ts";
import { makeWorkerMetrics } from "../metrics/worker-metrics.ts";
import type { WorkerObserver } from "../worker/worker-observer.ts";

/** All that one process counts. */
export type Metrics = {
  readonly gateway: GatewayObserver;
  /** Also says at level `debug` what becomes of each play, under its trace. */
  readonly worker: WorkerObserver;
  readonly process: ProcessMetrics;
  readonly contentType: string;
  /** In the text format of Prometheus. */
  read(): Promise<string>;
};

export function makeMetrics(parts: ProcessMetricsParts, log: Logger): Metrics {
  const registry = new Registry();
  return {
    gateway: makeGatewayMetrics(registry),
    worker: logged(makeWorkerMetrics(registry), log),
    process: makeProcessMetrics(registry, parts),
    contentType: registry.contentType,
    read: () => registry.metrics(),
  };
}

function logged(observer: WorkerObserver, log: Logger): WorkerObserver {
  const about = ({ circle, id, trace }: Parameters<WorkerObserver["taken"]>[0]) => ({ circle, task: id, trace });
  return {
    taken: (task) => {
      observer.taken(task);
      log.debug(about(task), "play: taken");
    },
    ran: (task, ms) => {
      observer.ran(task, ms);
      log.debug({ ...about(task), ms }, "play: ran");
    },
    committed: (task, ms) => {
      observer.committed(task, ms);
      log.debug({ ...about(task), ms }, "play: committed");
    },
    ended: (task, outcome) => {
      observer.ended(task, outcome);
      log.debug({ ...about(task), status: outcome === "waiting" ? outcome : outcome.status }, "play: ended");
    },
  };
}
