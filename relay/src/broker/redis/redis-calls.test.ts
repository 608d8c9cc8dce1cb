import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisServer } from "../../../test/redis-server.ts";
import { makeGatheringScript, makeScript, RedisCalls } from "./redis-calls.ts";
import { connectTo } from "./redis-link.ts";

/** `name amount`: counts, and answers how far it is. */
const ADD = "return { 'added', call('INCRBY', ARGV[3], ARGV[4]) }";
const add = makeGatheringScript(ADD);
const subtract = makeGatheringScript("return { 'subtracted', call('DECRBY', ARGV[3], ARGV[4]) }");
const read = makeScript("return { 'read', call('GET', ARGV[3]) or '' }");

describe("calls of scripts in Redis", () => {
  let server: RedisServer;
  let calls: RedisCalls;
  let recovered: () => void;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.ask("FLUSHALL");
    recovered = () => {};
    calls = new RedisCalls({
      connect: connectTo({ urls: [server.url], isCluster: false }),
      prefix: "test:",
      scripts: [add, subtract, read],
      onRecovered: () => recovered(),
      onError: () => {},
    });
    await calls.call(read, "n");
  });
  afterEach(() => calls.close());
  const commands = async () => {
    const stats = String(await server.ask("INFO", "commandstats"));
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };

  it("[BR21] those of one turn that gather go as one command, each with its answer, in their order", async () => {
    const before = await commands();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => calls.call(add, "n", i)));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => ["added", (i * (i + 1)) / 2]));
    expect((await commands()) - before).toBe(1);
    const many = await Promise.all(Array.from({ length: 300 }, () => calls.call(add, "m", 1)));
    expect(many.at(-1)).toEqual(["added", 300]);
  });

  it("[BR21] keep their order among all others", async () => {
    const answers = [
      calls.call(add, "n", 5),
      calls.call(read, "n"),
      calls.call(add, "n", 1),
      calls.call(subtract, "n", 2),
      calls.call(add, "n", 10),
      calls.call(read, "n"),
    ];
    expect(await Promise.all(answers)).toEqual([
      ["added", 5],
      ["read", "5"],
      ["added", 6],
      ["subtracted", 4],
      ["added", 14],
      ["read", "14"],
    ]);
  });

  it("[BR25] one that Redis refuses keeps nothing from the others", async () => {
    await server.ask("LPUSH", "strange", "1");
    const [first, refused, last] = await Promise.allSettled([
      calls.call(add, "n", 1),
      calls.call(add, "strange", 1),
      calls.call(add, "n", 1),
    ]);
    expect([first, last]).toMatchObject([{ value: ["added", 1] }, { value: ["added", 2] }]);
    expect(refused).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("WRONGTYPE") } });
  });

  it("[BR21] what is called when the connection is back goes before what was not answered", async () => {
    await calls.call(add, "n", 1);
    recovered = () => {
      void calls.call(add, "n", 100);
      calls.flush();
    };
    await server.kill();
    const unanswered = calls.call(add, "n", 1);
    await server.restart();
    expect(await unanswered).toEqual(["added", 101]); // Redis forgot what was before
  });

  it("[BR13] are refused once it is closed, gathered ones too", async () => {
    const gathered = calls.call(add, "n", 1);
    calls.close();
    await expect(gathered).rejects.toThrow("closed");
    await expect(calls.call(add, "n", 1)).rejects.toThrow("closed");
  });
});
