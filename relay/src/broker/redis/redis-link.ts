import { createClient, createCluster } from "redis";
import type { Connect, Link } from "./redis-calls.ts";

export type RedisAddress = {
  /** `redis://` or `rediss://` (TLS), with user and password where they are needed; several nodes of one cluster. */
  readonly urls: readonly string[];
  readonly isCluster: boolean;
};

const CONNECT_MS = 3_000;

/** What both kinds of clients are told. Who uses them connects anew, in its own way, when one is lost. */
const OPTIONS = {
  RESP: 2,
  disableOfflineQueue: true,
  disableClientInfo: true,
  // The default makes an AbortSignal for every command, which is most of what a command costs; waits here end by themselves.
  commandOptions: { timeout: undefined as unknown as number },
  socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false, noDelay: true, keepAlive: true },
} as const;

/** A way to open connections to Redis. What is lost is told to whoever waits for a command. */
export function connectTo({ urls, isCluster }: RedisAddress): Connect {
  return () => (isCluster ? connectCluster(urls) : connectServer(urls[0] ?? ""));
}

async function connectServer(url: string): Promise<Link> {
  const client = createClient({ ...OPTIONS, url });
  client.on("error", () => {}); // every command in flight hears of it
  const destroy = () => void (client.isOpen && client.destroy());
  await inTime(client.connect(), destroy);
  return { send: (command) => client.sendCommand([...command]), destroy };
}

async function connectCluster(urls: readonly string[]): Promise<Link> {
  const cluster = createCluster({
    rootNodes: urls.map((url) => ({ url })),
    defaults: OPTIONS,
    minimizeConnections: true,
  });
  cluster.on("error", () => {});
  const destroy = () => void (cluster.isOpen && cluster.destroy());
  await inTime(cluster.connect(), destroy);
  return { send: (command, key) => cluster.sendCommand(key, false, [...command]), destroy };
}

/** A server that takes a connection and says nothing would be waited for without end. */
async function inTime(connecting: Promise<unknown>, destroy: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`redis: expected a connection within ${CONNECT_MS} ms, got none`));
      destroy();
    }, CONNECT_MS).unref();
  });
  connecting.catch(() => {}); // that it was too late is told
  await Promise.race([connecting, late]).finally(() => clearTimeout(timer));
}
