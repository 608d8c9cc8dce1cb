import { mkdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { canonicalPublicKey } from "@circles/sdk/keys";
import type { PublicKey } from "@circles/sdk/protocol";
import type { Logger } from "pino";
import { MemoryBroker } from "../broker/memory-broker.ts";
import { Addresses } from "../gateway/addresses.ts";
import { Gateway } from "../gateway/gateway.ts";
import { lockFolder } from "../namespace/folder-lock.ts";
import { Namespaces } from "../namespace/namespaces.ts";
import type { SnapshotSource } from "../namespace/snapshot.ts";
import { ThreadPool } from "../sandbox/pool-node.ts";
import { siblingModule } from "../sandbox/sibling-module-node.ts";
import { ThreadTypeStripper } from "../sandbox/type-stripper-node.ts";
import { chooseVerifier } from "../signatures/verifier.ts";
import { runWorker } from "../worker/worker.ts";
import { closeWorkerParts, makeWorkerParts } from "../worker/worker-parts.ts";
import { type RelayOptions, UsageError } from "./relay-options.ts";

/** What the plays of connected callers get to end in when the relay closes. */
const DRAIN_MS = 10_000;
/** What plays get after that for which nobody waits any more. Their callers send them again. */
const WORKER_MS = 1_000;

export type RunningRelay = {
  /** Where peers dial: append a circle's public key. */
  readonly url: string;
  readonly port: number;
  /** Lets running plays end, then closes everything. */
  close(): Promise<void>;
};

/** Starts gateway, embedded broker and worker in this process. @throws if it cannot listen or use its folder. */
export async function startRelay(options: RelayOptions, log: Logger): Promise<RunningRelay> {
  const dbPath = resolve(options.dbPath);
  const circles = await readCircles(options.circlesFile);
  await mkdir(dbPath, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(dbPath);
  const thread = siblingModule("../worker/play-thread", import.meta.url);
  const stripper = new ThreadTypeStripper();
  const sandbox = await ThreadPool.start<SnapshotSource>({ thread, threads: options.threads, stripper });
  const server = createServer((_, response) => {
    response.writeHead(426, { "content-type": "text/plain", upgrade: "websocket" });
    response.end("This is a Circles relay: dial it with a WebSocket at /{circle public key}.\n");
  });
  try {
    await listen(server, options);
  } catch (error) {
    await sandbox.close();
    await unlock();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const { durability, circleBytes: storageBytes, keepLogMs } = options;
  const namespaces = new Namespaces({
    dbPath,
    durability,
    storageBytes,
    keepLogMs,
    onRepaired: (circle, paths) => log.warn({ circle, paths }, "files were not what the log says, and are again"),
    onError: (err, circle) => log.error({ err, circle }, "a circle failed; it is opened anew when it is next used"),
  });
  const verifier = await chooseVerifier();
  const broker = new MemoryBroker();
  const onError = (err: unknown, where: object) => log.error({ err, ...where }, "a play failed");
  const parts = makeWorkerParts({ broker, sandbox, namespaces, verifier, open: options.open, onError });
  const stop = new AbortController();
  const worker = runWorker(parts, {}, stop.signal);
  const { publicUrl, allowedOrigins } = options;
  const reached = publicUrl ? { publicUrl } : { host: urlHost(options.host) };
  const addresses = new Addresses({ port, allowedOrigins, ...reached });
  const gateway = new Gateway({ broker, verifier, addresses, log }, circles ? { circles } : {});
  server.on("upgrade", gateway.upgrade);

  return {
    url: publicUrl ? publicUrl.href.replace(/\/$/, "") : `ws://${urlHost(options.host)}:${port}`,
    port,
    async close() {
      server.close();
      await gateway.close({ withinMs: DRAIN_MS });
      server.closeAllConnections();
      stop.abort();
      await Promise.race([worker, new Promise((resolve) => setTimeout(resolve, WORKER_MS).unref())]);
      await sandbox.close(); // ends what still runs; its outcome is unknown and nothing of it was committed
      await worker;
      await broker.close();
      await closeWorkerParts(parts);
      await namespaces.close();
      await unlock();
    },
  };
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
