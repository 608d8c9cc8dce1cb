import { availableParallelism } from "node:os";
import pino from "pino";
import type { Broker } from "../broker/broker.ts";
import { chooseVerifier } from "../signatures/verifier.ts";
import { Listener } from "./listener.ts";
import { type Metrics, makeMetrics } from "./metrics.ts";
import { UsageError } from "./option-values.ts";
import { closeOnSignals } from "./process-signals.ts";
import { makeRedisBroker } from "./redis.ts";
import { metricsFor, NOTHING_ELSE, type StatusParts, serveStatus } from "./status-endpoints.ts";
import { version } from "./version.ts";
import { parseWorkerCommand, WORKER_HELP, type WorkerOptions } from "./worker-options.ts";
import { WorkerProcess } from "./worker-process.ts";

try {
  const command = parseWorkerCommand(process.argv.slice(2), process.env, { processors: availableParallelism() });
  if (command.do === "help") process.stdout.write(WORKER_HELP);
  else if (command.do === "version") process.stdout.write(`${version}\n`);
  else await run(command.options);
} catch (error) {
  process.stderr.write(`circles-worker: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

async function run(options: WorkerOptions): Promise<void> {
  const log = pino({ level: options.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
  const { circles, trustedGateways, trustRelay } = options;
  const trust = { gateways: new Set(trustedGateways), relay: trustRelay };
  const verifier = await chooseVerifier();
  const served = circles.length > 0 ? { circles: new Set(circles) } : {};
  let broker: Broker | undefined;
  let isClosing = false;
  const status = {
    version,
    unready: () => (isClosing ? "closing" : broker?.isReady ? undefined : "no connection to Redis"),
    depth: async () => (broker?.isReady ? broker.depth() : undefined),
    dbPath: options.dbPath,
  };
  const metrics = makeMetrics(status, log);
  const listener = await startStatus(options.status, { ...status, metrics });
  const given = { settings: options, verifier, log, trust, metrics };
  const worker = await WorkerProcess.start({ ...given, isShared: true, ...served });
  const used = makeRedisBroker(options, log, metrics.process);
  broker = used;
  worker.run(used);
  process.stdout.write(
    `circles-worker ${version} takes plays of ${circles.length > 0 ? circles.length : "all"} circles${listener ? `; status at port ${listener.port}` : ""}\n`,
  );
  const close = async () => {
    isClosing = true;
    await worker.close();
    await used.close();
    listener?.server.close();
  };
  closeOnSignals(close, log);
}

async function startStatus(
  settings: WorkerOptions["status"],
  parts: Pick<StatusParts, "unready"> & { readonly metrics: Metrics },
): Promise<Listener | undefined> {
  if (!settings) return undefined;
  const mayReadMetrics = metricsFor(settings.metricsReaders);
  return Listener.start(
    { ...settings, tls: undefined },
    serveStatus({ ...parts, mayReadMetrics, elsewhere: () => NOTHING_ELSE }),
  );
}
