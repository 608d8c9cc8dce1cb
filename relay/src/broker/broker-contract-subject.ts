import { setMaxListeners } from "node:events";
import type { PublicKey } from "@circles/sdk/protocol";
import { afterEach, beforeEach, expect } from "vitest";
import type { Outcome, Task, TaskKey } from "../task.ts";
import type { Broker, BrokerLimits, Claim, FollowOptions } from "./broker.ts";
import { completed } from "./broker-contract-tasks.ts";

export type MakeBroker = (limits?: Partial<BrokerLimits>) => Promise<Broker>;

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

/** The broker that one test of the contract has, with shorter ways to use it; made and closed around each test. */
export function brokerUnderTest(makeBroker: MakeBroker) {
  let broker: Broker;
  beforeEach(async () => {
    broker = await makeBroker();
  });
  afterEach(() => broker.close());

  const take = (mostTasks = 1, circles?: PublicKey[]): Promise<Claim> =>
    ending(broker.take({ mostTasks, ...(circles ? { circles: new Set(circles) } : {}) }, NEVER));
  const finishAll = async (claim: Claim, outcome: Outcome = completed("done")): Promise<void> => {
    for (const { key } of claim.tasks) expect(await broker.finish(claim, key, outcome)).toBe(true);
  };
  return {
    get broker() {
      return broker;
    },
    replaceBy: async (limits: Partial<BrokerLimits>): Promise<void> => {
      await broker.close();
      broker = await makeBroker(limits);
    },
    submit: (task: Task, options: FollowOptions = {}, signal = NEVER) => ending(broker.submit(task, options, signal)),
    follow: (key: TaskKey, options: FollowOptions = {}, signal = NEVER) => ending(broker.follow(key, options, signal)),
    take,
    finishAll,
    takeAndFinish: async (outcome?: Outcome) => finishAll(await take(), outcome),
  };
}

/** Nobody need await it: a broker that is closed at a test's end rejects what still waits. */
function ending<T>(wait: Promise<T>): Promise<T> {
  wait.catch(() => {});
  return wait;
}

export function idsOf({ tasks }: Claim): string[] {
  return tasks.map(({ task }) => task.id);
}
