import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { canonicalPublicKey } from "@circles/sdk/keys";
import type { PublicKey } from "@circles/sdk/protocol";
import type { Logger } from "pino";
import type { Broker } from "../broker/broker.ts";
import { MemoryBroker } from "../broker/memory-broker.ts";
import { Addresses } from "../gateway/addresses.ts";
import { Gateway } from "../gateway/gateway.ts";
import type { GatewayKey } from "../signatures/gateway-key.ts";
import { chooseVerifier, type Verifier } from "../signatures/verifier.ts";
import { readGatewayKey } from "./gateway-key-file.ts";
import { UsageError } from "./option-values.ts";
import { makeRedisBroker } from "./redis.ts";
import type { RelayOptions } from "./relay-options.ts";
import { serveStatus } from "./status-endpoints.ts";
import { WorkerProcess } from "./worker-process.ts";

/** What the plays of connected callers get to end in when the relay closes. */
const DRAIN_MS = 10_000;

export type RunningRelay = {
  /** Where peers dial: append a circle's public key. */
  readonly url: string;
  readonly port: number;
  /** Lets running plays end, then closes everything. */
  close(): Promise<void>;
};

/** Starts a gateway, and a worker unless workers are elsewhere. @throws if it cannot listen or use its folder. */
export async function startRelay(options: RelayOptions, log: Logger): Promise<RunningRelay> {
  const circles = await readCircles(options.circlesFile);
  const verifier = await chooseVerifier();
  const key = options.redis && (await readGatewayKey(options.redis.keyFile));
  if (key) log.info({ gateway: key.publicKey }, "workers elsewhere need --trust-gateway with this key");
  const worker = await startWorker(options, { verifier, log, key });
  let unready: string | undefined = "starting";
  let broker: Broker | undefined;
  const server = createServer(serveStatus(() => unready ?? (broker?.isReady ? undefined : "no connection to Redis")));
  try {
    await listen(server, options);
  } catch (error) {
    await worker?.close();
    throw error;
  }
  const used: Broker = options.redis ? makeRedisBroker(options.redis, log) : new MemoryBroker();
  broker = used;
  worker?.run(used);
  const { port } = server.address() as AddressInfo;
  const { publicUrl, allowedOrigins } = options;
  const reached = publicUrl ? { publicUrl } : { host: urlHost(options.host) };
  const addresses = new Addresses({ port, allowedOrigins, ...reached });
  const gateway = new Gateway(
    { broker: used, verifier, addresses, log, ...(key ? { vouch: vouchWith(key) } : {}) },
    circles ? { circles } : {},
  );
  server.on("upgrade", gateway.upgrade);
  unready = undefined;

  return {
    url: publicUrl ? publicUrl.href.replace(/\/$/, "") : `ws://${urlHost(options.host)}:${port}`,
    port,
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

type StartParts = { readonly verifier: Verifier; readonly log: Logger; readonly key: GatewayKey | undefined };

async function startWorker(
  { redis, open, ...settings }: RelayOptions,
  { verifier, log, key }: StartParts,
): Promise<WorkerProcess | undefined> {
  if (!redis) return WorkerProcess.start({ settings, verifier, log, open, isShared: false });
  if (!redis.withWorker) return undefined;
  const trust = { gateways: new Set([...redis.trustedGateways, ...(key ? [key.publicKey] : [])]), relay: false };
  return WorkerProcess.start({ settings, verifier, log, open, isShared: true, trust });
}

function vouchWith(key: GatewayKey) {
  return (task: Parameters<GatewayKey["vouch"]>[0]) =>
    ({ kind: "gateway", gateway: key.publicKey, signature: key.vouch(task) }) as const;
}

async function listen(server: Server, { host, port }: RelayOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: host.replace(/^\[|\]$/g, ""), port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
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
