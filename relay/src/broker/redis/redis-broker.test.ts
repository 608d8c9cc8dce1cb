import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alice } from "../../../test/people.ts";
import { makeRedisProcesses } from "../../../test/redis-processes.ts";
import { RedisServer } from "../../../test/redis-server.ts";
import { brokerContract } from "../broker-contract.ts";
import type { MakeBroker } from "../broker-contract-subject.ts";
import { taskOf } from "../broker-contract-tasks.ts";
import { RedisBroker } from "./redis-broker.ts";
import { connectTo } from "./redis-link.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const makeBroker: MakeBroker = async (limits) => {
  await server.ask("FLUSHALL");
  const connect = connectTo({ urls: [server.url], isCluster: false });
  return new RedisBroker({ connect, limits: limits ?? {}, onError: (error) => console.error("broker:", error) });
};

brokerContract("RedisBroker", makeBroker, {
  makeProcesses: (limits) => makeRedisProcesses(server, limits),
  runs: 20,
  patienceMs: 2_000,
});

describe("RedisBroker", () => {
  it("[BR21] who begins to take while the broker says that it is alive need not wait until it says so again", async () => {
    await server.ask("FLUSHALL");
    const connect = connectTo({ urls: [server.url], isCluster: false });
    const broker = new RedisBroker({ connect, leaseMs: 3_600_000 });
    const task = taskOf({ id: "t1" });
    broker.submit(task, {}, new AbortController().signal).catch(() => {});
    await broker.find(alice.publicKey, task.id); // by now it has said so, and looks after other things
    const claim = await broker.take({ mostTasks: 1 }, AbortSignal.timeout(10_000));
    expect(claim.tasks).toHaveLength(1);
    await broker.close();
  });
});
