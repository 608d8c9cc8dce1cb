import type { PublicKey } from "@circles/sdk/protocol";
import { NETWORK_FLAGS, NETWORK_HELP, type NetworkSettings, parseNetworkSettings } from "./network-options.ts";
import { listOf, parseFlags, parseSwitch, parseWhole, UsageError, variableOf } from "./option-values.ts";
import {
  parseKey,
  parseLogLevel,
  parseRedisUrl,
  parseWorkerSettings,
  type RedisSettings,
  type WorkerSettings,
} from "./worker-settings.ts";

/** Everything that can be set from outside, checked. */
export type RelayOptions = WorkerSettings &
  NetworkSettings & {
    readonly port: number;
    readonly host: string;
    readonly publicUrl: URL | undefined;
    readonly allowedOrigins: readonly string[];
    /** Path of a file of keys; `undefined` for any circle. */
    readonly circlesFile: string | undefined;
    readonly open: boolean;
    /** The demo app is served beside the WebSockets. */
    readonly demo: boolean;
    readonly logLevel: string;
    /** `undefined` for tasks that stay in this process. */
    readonly redis: GatewayRedis | undefined;
  };

/** How a gateway works with Redis and workers elsewhere. */
export type GatewayRedis = RedisSettings & {
  /** This process plays scripts too. */
  readonly withWorker: boolean;
  /** Where the gateway keeps the secret with which it vouches for callers. */
  readonly keyFile: string;
  readonly trustedGateways: readonly PublicKey[];
};

/** What to do, by the command line and the environment. */
export type RelayCommand =
  | { readonly do: "run"; readonly options: RelayOptions }
  | { readonly do: "help" }
  | { readonly do: "version" };

export const HELP = `circles-relay: lets peers play scripts in each other's circles

Usage: circles-relay [options]
       circles-relay verify [CIRCLE] [--head SEQ:HASH]   is each log as it was written?
       circles-relay export CIRCLE FILE                  one file with all of a circle
       circles-relay import FILE                         a circle as it was exported
       circles-relay delete CIRCLE [--yes]               a circle and all it holds

  --port PORT          port to listen on; 0 picks a free one      (8090)
  --host HOST          address to listen on; one that is not loopback needs --public-url
                                                                  (127.0.0.1)
  --db-path FOLDER     where the circles are kept                 (./circles-data)
  --public-url URL     where peers reach this relay: wss://relay.example
  --allow-origin URL   origin of web pages that may connect; repeatable
  --circles FILE       serve only the circles whose public keys stand in FILE, one a line;
                       "any" serves all                           (any)
  --open               for development: every peer that logs in may do everything
                       everywhere; loopback only
  --demo               serve the demo app, at the relay's own address
  --durability MODE    strict: an outcome is sent when its record is on the disk;
                       relaxed: at most 50 ms before it is, so that a failure of the
                       machine may lose plays that were answered  (strict)
  --circle-mib N       MiB that the files of one circle may have  (256)
  --keep-log DAYS      days that records of a circle's log are kept at least;
                       "all" keeps every one                      (all)
  --threads N          scripts that run at the same time          (one per processor)
  --redis-url URL      tasks go through this Redis to workers (circles-worker) elsewhere;
                       repeatable: several servers share the circles
  --redis-cluster      the URLs are nodes of one Redis Cluster
  --with-worker        play scripts in this process, too
  --gateway-key-file FILE
                       the secret with which this gateway vouches for callers; it is made
                       where there is none                        (./circles-gateway.key)
  --trust-gateway KEY  with --with-worker: believe this gateway, too; repeatable
  --log-level LEVEL    trace, debug, info, warn, error, fatal or silent
                                                                  (info)
${NETWORK_HELP}  --help, --version

Each option can be set by a variable instead: CIRCLES_PORT, CIRCLES_DB_PATH,
CIRCLES_ALLOW_ORIGIN (several with commas), CIRCLES_OPEN=1 and so on.
The command line wins.

verify, export, import and delete take --db-path. verify and export may run beside
a relay, the others not. verify exits with 1 where a log is not as it was; a head that
a caller kept tells more than the log alone can.

Prints one line with its address when it is ready; logs go to standard error.
It answers /healthz, /readyz and /metrics (Prometheus) at the same port.
SIGTERM and SIGINT let running plays end and exit with 0. Exit codes: 0 ended in
good order, 1 could not start or failed, 2 the command line makes no sense.
`;

const FLAGS = {
  port: { type: "string" },
  host: { type: "string" },
  "db-path": { type: "string" },
  "public-url": { type: "string" },
  "allow-origin": { type: "string", multiple: true },
  circles: { type: "string" },
  open: { type: "boolean" },
  demo: { type: "boolean" },
  "redis-url": { type: "string", multiple: true },
  "redis-cluster": { type: "boolean" },
  "with-worker": { type: "boolean" },
  "gateway-key-file": { type: "string" },
  "trust-gateway": { type: "string", multiple: true },
  durability: { type: "string" },
  "circle-mib": { type: "string" },
  "keep-log": { type: "string" },
  threads: { type: "string" },
  "log-level": { type: "string" },
  ...NETWORK_FLAGS,
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

type Single = {
  [Name in keyof typeof FLAGS]: (typeof FLAGS)[Name] extends { multiple: true } | { type: "boolean" } ? never : Name;
}[keyof typeof FLAGS];

/** @throws {UsageError} with a sentence that names the option, what was expected and what came. */
export function parseRelayCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { processors }: { processors: number },
): RelayCommand {
  const given = parseFlags(argv, FLAGS);
  if (given.help) return { do: "help" };
  if (given.version) return { do: "version" };
  const setting = (name: Single) => given[name] ?? env[variableOf(name)];
  const several = (name: "trust-proxy" | "allow-metrics") => given[name] ?? listOf(env[variableOf(name)], /,/) ?? [];
  const host = setting("host") ?? "127.0.0.1";
  const publicUrl = parsePublicUrl(setting("public-url"));
  const open = given.open ?? parseSwitch("CIRCLES_OPEN", env.CIRCLES_OPEN);
  checkReach({ host, publicUrl, open });
  const circles = setting("circles") ?? "any";
  const options: RelayOptions = {
    port: parseWhole("--port", setting("port") ?? "8090", 0, 65_535),
    host,
    ...parseWorkerSettings(setting, { processors }),
    publicUrl,
    allowedOrigins: (given["allow-origin"] ?? env.CIRCLES_ALLOW_ORIGIN?.split(",") ?? []).map(parseOrigin),
    circlesFile: circles === "any" ? undefined : circles,
    open,
    demo: given.demo ?? parseSwitch("CIRCLES_DEMO", env.CIRCLES_DEMO),
    redis: parseRedis(given, env),
    ...parseNetworkSettings({ one: setting, several }, publicUrl),
    logLevel: parseLogLevel(setting),
  };
  return { do: "run", options };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Nobody is to find out later that strangers could reach what was meant for one machine. */
function checkReach({ host, publicUrl, open }: Pick<RelayOptions, "host" | "publicUrl" | "open">): void {
  if (open && (!isLoopback(host) || publicUrl)) {
    throw new UsageError("--open: expected a loopback --host and no --public-url, for every peer may do everything");
  }
  if (!isLoopback(host) && !publicUrl) {
    throw new UsageError(`--host ${host}: expected --public-url with it, the address that peers dial and sign`);
  }
}

function parseRedis(
  given: ReturnType<typeof parseFlags<typeof FLAGS>>,
  env: Readonly<Record<string, string | undefined>>,
): GatewayRedis | undefined {
  const several = (name: "redis-url" | "trust-gateway", between: RegExp) =>
    given[name] ?? listOf(env[variableOf(name)], between) ?? [];
  const isOn = (name: "redis-cluster" | "with-worker") =>
    given[name] ?? parseSwitch(variableOf(name), env[variableOf(name)]);
  const redisUrls = several("redis-url", /\s+/).map(parseRedisUrl);
  if (redisUrls.length === 0) {
    const meaningless = (["redis-cluster", "with-worker", "gateway-key-file", "trust-gateway"] as const).find(
      (name) => given[name] !== undefined,
    );
    if (meaningless) throw new UsageError(`--${meaningless}: expected --redis-url with it`);
    return undefined;
  }
  return {
    redisUrls,
    isCluster: isOn("redis-cluster"),
    withWorker: isOn("with-worker"),
    keyFile: given["gateway-key-file"] ?? env[variableOf("gateway-key-file")] ?? "./circles-gateway.key",
    trustedGateways: several("trust-gateway", /,/).map((text) => parseKey("--trust-gateway", text)),
  };
}

function parsePublicUrl(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && ["ws:", "wss:", "http:", "https:"].includes(url.protocol) && url.pathname === "/" && !url.search;
  if (plain && !url.hash && !url.username) return url;
  throw new UsageError(`--public-url: expected a ws:// or wss:// address without a path, got ${JSON.stringify(text)}`);
}

function parseOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.origin === text || `${url.origin}/` === text)) return url.origin;
  throw new UsageError(`--allow-origin: expected an origin such as https://app.example, got ${JSON.stringify(text)}`);
}
