import { resolve } from "node:path";
import type { LauncherOptions } from "../launcher/launcher.ts";
import { listOf, parseFlags, parseSwitch, parseWhole, UsageError, variableOf } from "./option-values.ts";
import { parseLogLevel, parseRedisUrl } from "./worker-settings.ts";

export type LauncherCommand =
  | { readonly do: "run"; readonly options: LauncherOptions }
  | { readonly do: "help" }
  | { readonly do: "version" };

export const LAUNCHER_HELP = `circles-launcher: runs many circles, each at a port of its own

Usage: circles-launcher --config circles.json [options]

  --config FILE        an array of circles: name, port and script_path, the circle's
                       library; if need be host, policy_path, secret_key_file and
                       public_key. Paths are relative to the file
  --db-path FOLDER     where the circles are kept                 (./circles-data)
  --keys FOLDER        where keys are kept of circles that name none; they are made
                       when they are first needed                 (./circles-keys)
  --redis-url URL      gateways and workers are processes of their own, with their
                       queue in this Redis; repeatable            (a relay for each circle)
  --redis-cluster      the URLs are nodes of one Redis Cluster
  --workers N          worker processes, with --redis-url         (2)
  --threads N          scripts that run at the same time in each  (one per processor)
  --log-level LEVEL    trace, debug, info, warn, error, fatal or silent
                                                                  (info)
  --help, --version

Each option can be set by a variable instead: CIRCLES_CONFIG, CIRCLES_DB_PATH and so on.
The command line wins.

Prints a table of names, public keys and addresses when all circles are there. What ends
is started again. SIGHUP reads the file again; SIGTERM and SIGINT end everything in good
order. Exit codes: 0 ended in good order, 1 could not start or failed, 2 the command line
or the file makes no sense.
`;

const FLAGS = {
  config: { type: "string" },
  "db-path": { type: "string" },
  keys: { type: "string" },
  "redis-url": { type: "string", multiple: true },
  "redis-cluster": { type: "boolean" },
  workers: { type: "string" },
  threads: { type: "string" },
  "log-level": { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

const MOST_PROCESSES = 256;

/** @throws {UsageError} with a sentence that names the option, what was expected and what came. */
export function parseLauncherCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { processors }: { processors: number },
): LauncherCommand {
  const given = parseFlags(argv, FLAGS);
  if (given.help) return { do: "help" };
  if (given.version) return { do: "version" };
  const setting = (name: "config" | "db-path" | "keys" | "workers" | "threads" | "log-level") =>
    given[name] ?? env[variableOf(name)];
  const config = setting("config");
  if (config === undefined) throw new UsageError("--config: expected the path of circles.json, got none");
  const urls = given["redis-url"] ?? listOf(env[variableOf("redis-url")], /\s+/) ?? [];
  const options: LauncherOptions = {
    config: resolve(config),
    dbPath: resolve(setting("db-path") ?? "./circles-data"),
    keysFolder: resolve(setting("keys") ?? "./circles-keys"),
    redisUrls: urls.map(parseRedisUrl),
    isCluster: given["redis-cluster"] ?? parseSwitch("CIRCLES_REDIS_CLUSTER", env.CIRCLES_REDIS_CLUSTER),
    workers: parseWhole("--workers", setting("workers") ?? "2", 1, MOST_PROCESSES),
    threads: parseWhole("--threads", setting("threads") ?? String(processors), 1, MOST_PROCESSES),
    logLevel: parseLogLevel((name) => (name === "log-level" ? setting(name) : undefined)),
  };
  return { do: "run", options };
}
