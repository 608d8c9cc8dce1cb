import { setMaxListeners } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { alice, bob } from "../../../test/people.ts";
import { RedisServer } from "../../../test/redis-server.ts";
import { type Task, taskKey } from "../../task.ts";
import { UnknownTask } from "../broker.ts";
import { completed, taskOf } from "../broker-contract-tasks.ts";
import { RedisBroker } from "./redis-broker.ts";
import { redisTaskId } from "./redis-keys.ts";
import { connectTo } from "./redis-link.ts";

const LEASE_MS = 60_000;

describe("what a RedisBroker leaves in Redis", () => {
  let server: RedisServer;
  let now: number;
  const brokers: RedisBroker[] = [];
  const errors: unknown[] = [];
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.ask("FLUSHALL");
    now = Date.now() * 1_000;
    errors.length = 0;
  });
  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
  });

  const start = (leaseMs = LEASE_MS): RedisBroker => {
    const connect = connectTo({ urls: [server.url], isCluster: false });
    const broker = new RedisBroker({ connect, leaseMs, clock: () => now, onError: (error) => errors.push(error) });
    brokers.push(broker);
    return broker;
  };
  const pass = (seconds: number) => {
    now += seconds * 1_000_000;
  };
  const submit = (broker: RedisBroker, task: Task) => {
    const outcome = broker.submit(task, {}, stop.signal);
    outcome.catch(() => {}); // brokers are closed at a test's end
    return outcome;
  };
  const take = (broker: RedisBroker) => broker.take({ mostTasks: 1 }, stop.signal);
  const takeAndFinish = async (broker: RedisBroker) => {
    const claim = await take(broker);
    for (const { key } of claim.tasks) expect(await broker.finish(claim, key, completed("done"))).toBe(true);
    return claim;
  };
  const play = async (broker: RedisBroker, task: Task) => {
    const outcome = submit(broker, task);
    await takeAndFinish(broker);
    return outcome;
  };
  const keys = async () => (await server.ask("KEYS", "*")) as string[];

  it("[BR19] who listens is told when notices may have been lost, and hears those that come after", async () => {
    const [broker, other] = [start(), start()];
    const heard: unknown[] = [];
    broker.listen(alice.publicKey, ({ topic, data }) => heard.push(data ?? topic), stop.signal);
    const hears = (data: number) =>
      expect
        .poll(
          () => {
            other.notify(alice.publicKey, { topic: "chat", data });
            return heard.at(-1);
          },
          { timeout: 10_000 },
        )
        .toBe(data);
    await hears(0);
    for (let round = 1; round <= 3; round++) {
      heard.length = 0;
      await server.ask("CLIENT", "KILL", "TYPE", "normal");
      await expect.poll(() => heard, { timeout: 10_000 }).toContain("$gap");
      await hears(round);
    }
    errors.length = 0; // the connections that were cut
  });

  it("[BR23] a task that has ended is forgotten after ten minutes, with all that belongs to it", async () => {
    const broker = start(3_600_000);
    const [first, other, later] = [
      taskOf({ id: "first" }),
      taskOf({ id: "first", caller: bob.publicKey }),
      taskOf({ id: "later" }),
    ];
    await play(broker, first);
    await play(broker, other);
    pass(599);
    await play(broker, later);
    expect(await broker.follow(taskKey(first), {}, stop.signal)).toEqual(completed("done"));
    pass(2);
    await play(broker, taskOf({ id: "last" }));
    for (const one of [first, other]) {
      await expect(broker.follow(taskKey(one), {}, stop.signal)).rejects.toThrow(UnknownTask);
    }
    expect(await broker.follow(taskKey(later), {}, stop.signal)).toEqual(completed("done"));
    expect((await keys()).filter((key) => key.includes("first") || key.includes(redisTaskId(taskKey(first))))).toEqual(
      [],
    );
  });

  it("[BR23] the oldest of what has ended makes room for more of it", async () => {
    const broker = start();
    const tasks = ["1", "2", "3", "4"].map((id) => taskOf({ id }));
    for (const task of tasks.slice(0, 3)) {
      pass(1);
      await play(broker, task);
    }
    await server.ask("INCRBY", "rhailib:sys:ended_size", String(256 * 2 ** 20 - 2_500)); // as if others had taken it
    pass(1);
    await play(broker, tasks[3] as Task);
    const known = await Promise.all(
      tasks.map((task) =>
        broker.follow(taskKey(task), {}, stop.signal).then(
          () => true,
          () => false,
        ),
      ),
    );
    expect(known).toEqual([false, false, true, true]);
  });

  it("[BR23] who has a circle is forgotten when nothing is played there for half an hour", async () => {
    const broker = start();
    await play(broker, taskOf({ id: "1" }));
    const left = Number(await server.ask("PTTL", `rhailib:sys:circle:${alice.publicKey}`));
    expect(left).toBeGreaterThan(1_790_000);
    expect(left).toBeLessThanOrEqual(1_800_000);
  });

  it("[BR5] a worker that was not in time ends nothing in a circle that another one has", async () => {
    const late = start();
    void submit(late, taskOf({ id: "1" }));
    const claim = await take(late);
    pass(30);
    const other = start();
    await expect.poll(() => other.isReady).toBe(true);
    const waits = take(other);
    await expect.poll(() => server.ask("SCARD", "rhailib:sys:idle")).toBe(1);
    pass(40);
    void submit(other, { ...taskOf({ id: "2" }), lane: "control" });
    expect((await waits).lane).toBe("control");
    expect(await late.finish(claim, taskKey(taskOf({ id: "1" })), completed("too late"))).toBe(false);
  });

  it("[BR24] where its memory is full new tasks are refused, and what was taken is ended", async () => {
    const broker = start();
    const outcome = submit(broker, taskOf({ id: "1" }));
    const claim = await take(broker);
    await server.ask("CONFIG", "SET", "maxmemory", "1mb");
    try {
      await expect(broker.submit(taskOf({ id: "2" }), {}, stop.signal)).rejects.toMatchObject({ code: -32007 });
      for (const { key } of claim.tasks) expect(await broker.finish(claim, key, completed("done"))).toBe(true);
      expect(await outcome).toEqual(completed("done"));
    } finally {
      await server.ask("CONFIG", "SET", "maxmemory", "0");
    }
    expect(await play(broker, taskOf({ id: "2" }))).toEqual(completed("done"));
  });

  it("[BR25] what somebody put into queues by hand and is no task keeps nothing from being taken", async () => {
    const broker = start(1_000);
    await play(broker, taskOf({ id: "ended" }));
    await server.ask("SET", `rhailib:${bob.publicKey}`, "no list");
    await server.ask("RPUSH", "rhailib:a-list", "x");
    const queue = `rhailib:${alice.publicKey}`;
    const ended = redisTaskId(taskKey(taskOf({ id: "ended" })));
    await server.ask("RPUSH", queue, "a-list", "nothing", ended, "sys:instances", "");
    const outcome = submit(broker, taskOf({ id: "real" }));
    const id = redisTaskId(taskKey(taskOf({ id: "real" })));
    await expect.poll(() => server.ask("HEXISTS", `rhailib:${id}`, "status")).toBe(1);
    await server.ask("LPUSH", queue, id, id);
    await server.ask("HSET", `rhailib:${id}`, "attempts", "many");
    expect((await takeAndFinish(broker)).tasks).toHaveLength(1);
    expect(await outcome).toEqual(completed("done"));
    expect(await play(broker, taskOf({ id: "next" }))).toEqual(completed("done"));
    expect(await broker.depth()).toBe(0);
    expect(errors).toEqual([]);
  });
});
