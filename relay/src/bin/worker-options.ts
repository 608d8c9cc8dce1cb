import type { PublicKey } from "@circles/sdk/protocol";
import type { AddressRange } from "../gateway/address-ranges.ts";
import { parseRange } from "./network-options.ts";
import { listOf, parseFlags, parseSwitch, parseWhole, UsageError, variableOf } from "./option-values.ts";
import {
  parseKey,
  parseLogLevel,
  parseRedisUrl,
  parseWorkerSettings,
  type RedisSettings,
  type Setting,
  type WorkerSettings,
} from "./worker-settings.ts";

/** Everything that a worker can be told, checked. */
export type WorkerOptions = WorkerSettings &
  RedisSettings & {
    /** Circles that it serves; all if there are none. */
    readonly circles: readonly PublicKey[];
    readonly trustedGateways: readonly PublicKey[];
    readonly trustRelay: boolean;
    readonly logLevel: string;
    /** Where it says how it is; `undefined` for nowhere. */
    readonly status: StatusSettings | undefined;
  };

export type StatusSettings = {
  readonly host: string;
  readonly port: number;
  /** Who may read metrics, beside this machine. */
  readonly metricsReaders: readonly AddressRange[];
};

export type WorkerCommand =
  | { readonly do: "run"; readonly options: WorkerOptions }
  | { readonly do: "help" }
  | { readonly do: "version" };

export const WORKER_HELP = `circles-worker: plays scripts that gateways put into Redis

Usage: circles-worker --redis-url URL [options]

  --redis-url URL      redis://host:port, rediss:// for TLS, with user and password
                       where they are needed; repeatable: several servers share the
                       circles. The same everywhere, in the same order
  --redis-cluster      the URLs are nodes of one Redis Cluster
  --circle-public-key KEY
                       serve this circle only; repeatable         (all circles)
  --trust-gateway KEY  believe this gateway of plays that their callers did not sign;
                       repeatable. A gateway logs its key when it starts
  --trust-relay        believe whoever can write to Redis, as the specification does;
                       for tasks that are put into queues by hand
  --db-path FOLDER     where the circles are kept, the same for all workers
                                                                  (./circles-data)
  --durability MODE    strict or relaxed, as circles-relay        (strict)
  --circle-mib N       MiB that the files of one circle may have  (256)
  --keep-log DAYS      days that records of a circle's log are kept at least;
                       "all" keeps every one                      (all)
  --threads N          scripts that run at the same time          (one per processor)
  --status-port PORT   answer /healthz, /readyz and /metrics (Prometheus) there; 0 picks a
                       free one                                   (nowhere)
  --status-host HOST   address to answer at                       (127.0.0.1)
  --allow-metrics ADDRESS
                       address or range that may read /metrics, beside this machine;
                       repeatable
  --log-level LEVEL    trace, debug, info, warn, error, fatal or silent
                                                                  (info)
  --help, --version

Each option can be set by a variable instead: CIRCLES_REDIS_URL (several with spaces),
CIRCLES_TRUST_GATEWAY (several with commas), CIRCLES_DB_PATH and so on.
The command line wins.

Prints one line when it takes plays; logs go to standard error. SIGTERM and SIGINT let
running plays end and exit with 0. Exit codes: 0 ended in good order, 1 could not start
or failed, 2 the command line makes no sense.
`;

const FLAGS = {
  "redis-url": { type: "string", multiple: true },
  "redis-cluster": { type: "boolean" },
  "circle-public-key": { type: "string", multiple: true },
  "trust-gateway": { type: "string", multiple: true },
  "trust-relay": { type: "boolean" },
  "db-path": { type: "string" },
  durability: { type: "string" },
  "circle-mib": { type: "string" },
  "keep-log": { type: "string" },
  threads: { type: "string" },
  "log-level": { type: "string" },
  "status-port": { type: "string" },
  "status-host": { type: "string" },
  "allow-metrics": { type: "string", multiple: true },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/** @throws {UsageError} with a sentence that names the option, what was expected and what came. */
export function parseWorkerCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  machine: { processors: number },
): WorkerCommand {
  const given = parseFlags(argv, FLAGS);
  if (given.help) return { do: "help" };
  if (given.version) return { do: "version" };
  const setting = (name: Parameters<Setting>[0] | "status-port" | "status-host") =>
    given[name] ?? env[variableOf(name)];
  const several = (name: "redis-url" | "circle-public-key" | "trust-gateway" | "allow-metrics", between: RegExp) =>
    given[name] ?? listOf(env[variableOf(name)], between) ?? [];
  const redisUrls = several("redis-url", /\s+/).map(parseRedisUrl);
  if (redisUrls.length === 0) throw new UsageError("--redis-url: expected one, got none");
  const options: WorkerOptions = {
    ...parseWorkerSettings(setting, machine),
    redisUrls,
    isCluster: given["redis-cluster"] ?? parseSwitch("CIRCLES_REDIS_CLUSTER", env.CIRCLES_REDIS_CLUSTER),
    circles: several("circle-public-key", /,/).map((text) => parseKey("--circle-public-key", text)),
    trustedGateways: several("trust-gateway", /,/).map((text) => parseKey("--trust-gateway", text)),
    trustRelay: given["trust-relay"] ?? parseSwitch("CIRCLES_TRUST_RELAY", env.CIRCLES_TRUST_RELAY),
    logLevel: parseLogLevel(setting),
    status: parseStatus({
      port: setting("status-port"),
      host: setting("status-host"),
      readers: several("allow-metrics", /,/),
    }),
  };
  return { do: "run", options };
}

type StatusTexts = { port: string | undefined; host: string | undefined; readers: readonly string[] };

function parseStatus({ port, host = "127.0.0.1", readers }: StatusTexts): StatusSettings | undefined {
  if (port === undefined) return undefined;
  const metricsReaders = readers.map((text) => parseRange("allow-metrics", text));
  return { host, port: parseWhole("--status-port", port, 0, 65_535), metricsReaders };
}
