import { setMaxListeners } from "node:events";
import type { PublicKey } from "@circles/sdk/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisCluster } from "../../../test/redis-server.ts";
import { taskKey } from "../../task.ts";
import { brokerContract } from "../broker-contract.ts";
import { inOneProcess } from "../broker-contract-led.ts";
import type { MakeBroker } from "../broker-contract-subject.ts";
import { completed, taskOf } from "../broker-contract-tasks.ts";
import { ShardedBroker } from "../sharded-broker.ts";
import { RedisBroker } from "./redis-broker.ts";
import { connectTo } from "./redis-link.ts";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start();
});
afterAll(() => cluster.stop());

const makeBucket = (bucket: number) =>
  new RedisBroker({ connect: connectTo({ urls: cluster.urls, isCluster: true }), bucket });

const makeBroker: MakeBroker = async (limits) => {
  await cluster.flush();
  const connect = connectTo({ urls: cluster.urls, isCluster: true });
  return new RedisBroker({ connect, bucket: 7, limits: limits ?? {} });
};

brokerContract("RedisBroker on a cluster", makeBroker, {
  makeProcesses: async (limits) => inOneProcess(await makeBroker(limits)),
  runs: 6,
  patienceMs: 2_000,
});

describe("the buckets of a cluster", () => {
  it("[BR22] share the circles, and a worker takes tasks of all of them, each once", async () => {
    await cluster.flush();
    const broker = new ShardedBroker(Array.from({ length: 8 }, (_, bucket) => makeBucket(bucket)));
    const never = new AbortController().signal;
    setMaxListeners(0, never);
    const circles = Array.from({ length: 40 }, (_, i) => `02${i.toString(16).padStart(64, "0")}` as PublicKey);
    const tasks = circles.flatMap((circle) => ["t1", "t2"].map((id) => taskOf({ id, circle })));
    const outcomes = tasks.map((task) => broker.submit(task, {}, never));
    const taken: string[] = [];
    const stop = new AbortController();
    const workers = Array.from({ length: 4 }, async () => {
      for (;;) {
        const claim = await broker.take({ mostTasks: 1 }, stop.signal).catch(() => undefined);
        if (!claim) return;
        for (const { key } of claim.tasks) {
          taken.push(key);
          expect(await broker.finish(claim, key, completed(key))).toBe(true);
        }
      }
    });
    const ended = await Promise.all(outcomes);
    stop.abort();
    await Promise.all(workers);
    expect(ended.map((outcome) => "output" in outcome && outcome.output)).toEqual(tasks.map(taskKey));
    expect(taken.toSorted()).toEqual(tasks.map(taskKey).toSorted());
    expect((await cluster.sizes()).filter((size) => size > 0)).toHaveLength(3);
    await broker.close();
  });
});
