import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { PublicKey } from "@circles/sdk/protocol";
import { describe, expect, it, vi } from "vitest";
import { taskKey } from "../task.ts";
import { brokerContract } from "./broker-contract.ts";
import { inOneProcess } from "./broker-contract-led.ts";
import { REFUSED, taskOf } from "./broker-contract-tasks.ts";
import { MemoryBroker } from "./memory-broker.ts";

brokerContract("MemoryBroker", async (limits) => new MemoryBroker(limits), {
  makeProcesses: async (limits) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const broker = new MemoryBroker(limits);
    return {
      ...inOneProcess(broker),
      pass: (ms) => vi.setSystemTime(Date.now() + ms),
      close: async () => {
        await broker.close();
        vi.useRealTimers();
      },
    };
  },
  runs: 200,
  patienceMs: 0,
});

describe("MemoryBroker", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const heapBytes = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const signal = new AbortController().signal;
  const circles = 40_000;
  const circleNumbered = (i: number) => `02${i.toString(16).padStart(64, "0")}` as PublicKey;
  /** Less than anything that is kept of a circle would take. */
  const noiseBytes = circles * 50;

  it("[BR14] circles whose tasks have ended cost nothing", async () => {
    const broker = new MemoryBroker();
    const before = heapBytes();
    for (let i = 0; i < circles; i++) {
      const task = taskOf({ id: "t", circle: circleNumbered(i) });
      const outcome = broker.submit(task, {}, signal);
      await broker.finish(await broker.take({ mostTasks: 1 }, signal), taskKey(task), REFUSED);
      await outcome;
    }
    expect(heapBytes() - before).toBeLessThan(noiseBytes);
    await broker.close();
  });

  it("[BR14] circles for whose tasks there was no room cost nothing", async () => {
    const broker = new MemoryBroker({ mostPerCaller: 0 });
    const before = heapBytes();
    for (let i = 0; i < circles; i++) {
      await broker.submit(taskOf({ id: "t", circle: circleNumbered(i) }), {}, signal).catch(() => {});
    }
    expect(heapBytes() - before).toBeLessThan(noiseBytes);
    await broker.close();
  });
});
