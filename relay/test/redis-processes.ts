import { vi } from "vitest";
import type { BrokerLimits } from "../src/broker/broker.ts";
import type { Processes } from "../src/broker/broker-contract-led.ts";
import { RedisBroker } from "../src/broker/redis/redis-broker.ts";
import { connectTo } from "../src/broker/redis/redis-link.ts";
import type { RedisServer } from "./redis-server.ts";

const LEASE_MS = 5_000;
/** Often enough that a lease lasts, as in a broker that goes by itself. */
const BEAT_MS = LEASE_MS / 5;

/**
 * Two gateways and a worker, each with a broker and connections of its own, in an empty Redis. Their clock, which is also
 * that of their scripts in Redis, stands still until it is told to go on.
 */
export async function makeRedisProcesses(server: RedisServer, limits: BrokerLimits): Promise<Processes> {
  await server.ask("FLUSHALL");
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
  const spy = vi.spyOn(performance, "now").mockImplementation(() => Date.now());
  const connect = connectTo({ urls: [server.url], isCluster: false });
  const onError = (error: unknown) => console.error("broker:", error);
  const make = () => new RedisBroker({ connect, limits, leaseMs: LEASE_MS, clock: () => Date.now() * 1_000, onError });
  const gateways = [make(), make()];
  let worker = make();
  return {
    gateways,
    get worker() {
      return worker;
    },
    replaceWorker: async () => {
      await worker.close();
      worker = make();
    },
    leaseMs: LEASE_MS,
    pass: (ms) => {
      vi.setSystemTime(Date.now() + ms - BEAT_MS);
      vi.advanceTimersByTime(BEAT_MS);
    },
    close: async () => {
      await Promise.all([...gateways, worker].map((broker) => broker.close()));
      spy.mockRestore();
      vi.useRealTimers();
    },
  };
}
