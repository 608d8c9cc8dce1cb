import { afterAll, beforeAll } from "vitest";
import { RedisServer } from "../../../test/redis-server.ts";
import { brokerContract } from "../broker-contract.ts";
import { RedisBroker } from "./redis-broker.ts";
import { connectTo } from "./redis-link.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

brokerContract("RedisBroker", async (limits) => {
  await server.ask("FLUSHALL");
  const connect = connectTo({ urls: [server.url], isCluster: false });
  return new RedisBroker({ connect, limits: limits ?? {}, onError: (error) => console.error("broker:", error) });
});
