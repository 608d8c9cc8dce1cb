import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeRedisProcesses } from "../../../test/redis-processes.ts";
import { RedisServer } from "../../../test/redis-server.ts";
import type { BrokerLimits } from "../broker.ts";
import { expectOfAll, FEW_TASKS, playSteps } from "../broker-contract-any-order.ts";
import { inOneProcess } from "../broker-contract-led.ts";
import { anyStep, type Step } from "../broker-contract-steps.ts";
import { MemoryBroker } from "../memory-broker.ts";
import { DEFAULT_LIMITS } from "../room.ts";

const OPERATIONS = Number(process.env.CIRCLES_OPERATIONS ?? 10_000);
const RUNS_AT_ONCE = 10;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

it("[BR1] a broker in Redis and one in memory, asked the same at the same time, answer and say the same", async () => {
  let operations = 0;
  const limits = fc.constantFrom(DEFAULT_LIMITS, FEW_TASKS);
  const orders = fc.record({ limits, steps: fc.array(anyStep, { minLength: 100, maxLength: 300, size: "max" }) });
  const play = async ({ limits, steps }: { limits: BrokerLimits; steps: Step[] }) => {
    const redis = await makeRedisProcesses(server, limits);
    const memory = { ...inOneProcess(new MemoryBroker(limits)), pass: () => {} }; // both go by one clock
    operations += await playSteps(steps, { limits, processes: [memory, redis], patienceMs: 2_000 });
  };
  const began = Date.now();
  while (operations < OPERATIONS) await expectOfAll(orders, RUNS_AT_ONCE, play);
  process.stdout.write(`brokers: ${operations} operations in ${Math.round((Date.now() - began) / 1000)} s\n`);
  expect(operations).toBeGreaterThanOrEqual(OPERATIONS);
}, 3_600_000);
