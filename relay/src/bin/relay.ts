import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { canonicalPublicKey } from "@circles/sdk/keys";
import type { PublicKey } from "@circles/sdk/protocol";
import type { Logger } from "pino";
import type { Broker } from "../broker/broker.ts";
import { MemoryBroker } from "../broker/memory-broker.ts";
import { AddressLimits } from "../gateway/address-limits.ts";
import { Addresses } from "../gateway/addresses.ts";
import { ClientAddresses } from "../gateway/client-address.ts";
import { Gateway } from "../gateway/gateway.ts";
import type { GatewayKey } from "../signatures/gateway-key.ts";
import { chooseVerifier, type Verifier } from "../signatures/verifier.ts";
import { DEMO_FOLDER, readDemoPages } from "./demo-pages.ts";
import { readGatewayKey } from "./gateway-key-file.ts";
import { Listener } from "./listener.ts";
import { type Metrics, makeMetrics } from "./metrics.ts";
import { UsageError } from "./option-values.ts";
import { makeRedisBroker } from "./redis.ts";
import type { RelayOptions } from "./relay-options.ts";
import { DIAL_HERE, metricsFor, serveStatus } from "./status-endpoints.ts";
import { version } from "./version.ts";
import { WorkerProcess } from "./worker-process.ts";

/** What the plays of connected callers get to end in when the relay closes. */
const DRAIN_MS = 10_000;

export type RunningRelay = {
  /** Where peers dial: append a circle's public key. */
  readonly url: string;
  readonly port: number;
  /** Reads certificate and key again, where there is TLS. @throws if they cannot be used; the old ones stay. */
  reloadCertificate(): Promise<void>;
  /** Lets running plays end, then closes everything. */
  close(): Promise<void>;
};

/** Starts a gateway, and a worker unless workers are elsewhere. @throws if it cannot listen or use its folder. */
export async function startRelay(options: RelayOptions, log: Logger): Promise<RunningRelay> {
  const circles = await readCircles(options.circlesFile);
  const pages = options.demo ? await readDemoPages(DEMO_FOLDER) : undefined;
  const verifier = await chooseVerifier();
  const key = options.redis && (await readGatewayKey(options.redis.keyFile));
  if (key) log.info({ gateway: key.publicKey }, "workers elsewhere need --trust-gateway with this key");
  let unready: string | undefined = "starting";
  let broker: Broker | undefined;
  const status = {
    version,
    unready: () => unready ?? (broker?.isReady ? undefined : "no connection to Redis"),
    depth: async () => (broker?.isReady ? broker.depth() : undefined),
    dbPath: options.redis && !options.redis.withWorker ? undefined : options.dbPath,
  };
  const metrics = makeMetrics(status, log);
  const worker = await startWorker(options, { verifier, log, key, metrics });
  const clients = new ClientAddresses(options.trustedProxies);
  const mayReadMetrics = metricsFor(options.metricsReaders, clients);
  const elsewhere = (request: IncomingMessage) => pages?.(request) ?? DIAL_HERE;
  const answer = serveStatus({ ...status, metrics, mayReadMetrics, elsewhere });
  const listener = await Listener.start(options, answer).catch(async (error: unknown) => {
    await worker?.close();
    throw error;
  });
  const { server, port } = listener;
  const used: Broker = options.redis ? makeRedisBroker(options.redis, log, metrics.process) : new MemoryBroker();
  broker = used;
  worker?.run(used);
  const { publicUrl, allowedOrigins } = options;
  const reached = publicUrl ? { publicUrl } : { host: urlHost(options.host) };
  const addresses = new Addresses({ port, allowedOrigins, isSecure: options.tls !== undefined, ...reached });
  const limits = new AddressLimits(options.peerLimits);
  const gateway = new Gateway(
    {
      broker: used,
      verifier,
      addresses,
      clients,
      limits,
      log,
      observer: metrics.gateway,
      ...(key ? { vouch: vouchWith(key) } : {}),
    },
    circles ? { circles } : {},
  );
  server.on("upgrade", gateway.upgrade);
  unready = undefined;

  return {
    url: publicUrl
      ? publicUrl.href.replace(/\/$/, "")
      : `${options.tls ? "wss" : "ws"}://${urlHost(options.host)}:${port}`,
    port,
    reloadCertificate: () => listener.reloadCertificate(),
    async close() {
      unready = "closing";
      await gateway.close({ withinMs: DRAIN_MS });
      server.close();
      server.closeAllConnections();
      await worker?.close();
      await used.close();
    },
  };
}

type StartParts = {
  readonly verifier: Verifier;
  readonly log: Logger;
  readonly key: GatewayKey | undefined;
  readonly metrics: Metrics;
};

async function startWorker(
  { redis, open, ...settings }: RelayOptions,
  { key, ...parts }: StartParts,
): Promise<WorkerProcess | undefined> {
  if (!redis) return WorkerProcess.start({ settings, ...parts, open, isShared: false });
  if (!redis.withWorker) return undefined;
  const trust = { gateways: new Set([...redis.trustedGateways, ...(key ? [key.publicKey] : [])]), relay: false };
  return WorkerProcess.start({ settings, ...parts, open, isShared: true, trust });
}

function vouchWith(key: GatewayKey) {
  return (task: Parameters<GatewayKey["vouch"]>[0]) =>
    ({ kind: "gateway", gateway: key.publicKey, signature: key.vouch(task) }) as const;
}

async function readCircles(path: string | undefined): Promise<ReadonlySet<PublicKey> | undefined> {
  if (path === undefined) return undefined;
  const lines = (await readFile(path, "utf8")).split("\n").map((line) => line.replace(/#.*/, "").trim());
  const keys = new Set<PublicKey>();
  for (const [i, line] of lines.entries()) {
    if (line === "") continue;
    try {
      keys.add(canonicalPublicKey(line));
    } catch (error) {
      throw new UsageError(
        `--circles: ${path}, line ${i + 1}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return keys;
}

function urlHost(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
