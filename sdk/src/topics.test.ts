import { describe, expect, it, vi } from "vitest";
import { ConnectionError } from "./errors.ts";
import { WireError } from "./protocol/errors.ts";
import { Topics } from "./topics.ts";

/** Topics over calls that a test answers. */
function watched({ answer = () => Promise.resolve({}) }: { answer?: () => Promise<unknown> } = {}) {
  const call = vi.fn<(...asked: unknown[]) => Promise<unknown>>(answer);
  const topics = new Topics(call as never, async () => SIGNED as never);
  const calls = () => call.mock.calls;
  const say = (...data: number[]) => {
    for (const one of data) topics.receive({ topic: "news", data: one });
  };
  return { topics, calls, say };
}
const SIGNED = { task_id: "t", envelope: "e" };
const subscribe = ["subscribe", { topic: "news" }];
const unsubscribe = ["unsubscribe", { topic: "news" }];
const value = (value: number) => ({ done: false, value });
const DONE = { done: true, value: undefined };

describe("Topics", () => {
  it("[S7] a watch gives what is said from its call on, in order, read early or late", async () => {
    const { topics, calls, say } = watched();
    say(0);
    const watch = topics.watch<number>("news");
    expect(calls()).toEqual([subscribe]);
    const first = watch.next();
    say(1, 2, 3);
    topics.receive({ topic: "other", data: 9 });
    expect([await first, await watch.next(), await watch.next()]).toEqual([1, 2, 3].map(value));
  });

  it("[S7] several watches are one subscription, which ends with the last of them", async () => {
    const { topics, calls, say } = watched();
    const watches = [topics.watch<number>("news"), topics.watch<number>("news")];
    say(1);
    for (const watch of watches) {
      for await (const data of watch) {
        expect(data).toBe(1);
        break;
      }
    }
    expect(calls()).toEqual([subscribe, unsubscribe]);
    for (const watch of watches) expect(await watch.return?.()).toEqual(DONE);
    topics.watch("news");
    expect(calls()).toEqual([subscribe, unsubscribe, subscribe]);
  });

  it("[S7] a watch that is asked ends when it is told to", async () => {
    const { topics } = watched();
    const watch = topics.watch("news");
    const asked = [watch.next(), watch.next()];
    await watch.return?.();
    expect(await Promise.all(asked)).toEqual([DONE, DONE]);
    expect(await watch.next()).toEqual(DONE);
  });

  it("[S7] of what nobody reads the newest 1,000 are kept", async () => {
    const { topics, say } = watched();
    const watch = topics.watch<number>("news");
    say(...Array.from({ length: 1_010 }, (_, i) => i));
    expect(await watch.next()).toEqual(value(10));
  });

  it("[S7] a subscription that is refused throws, once, and can be tried again", async () => {
    const refusal = new WireError(-32003, "denied");
    const { topics, calls } = watched({ answer: () => Promise.reject(refusal) });
    const asked = topics.watch("news").next();
    await expect(asked).rejects.toBe(refusal);
    const late = topics.watch("news");
    await vi.waitUntil(() => calls().length === 2);
    await expect(late.next()).rejects.toBe(refusal);
    expect(await late.next()).toEqual(DONE);
    expect(calls()).toEqual([subscribe, subscribe]);
  });

  it("[S7] what is watched is subscribed to again when the connection is there again", async () => {
    const { topics, calls, say } = watched();
    const watch = topics.watch<number>("news");
    await topics.watch("other").return?.();
    calls().length = 0;
    topics.reopened();
    expect(calls()).toEqual([subscribe]);
    say(1);
    expect(await watch.next()).toEqual(value(1));
  });

  it("[S4] when the connection ends, watches give what they have and throw; later ones throw", async () => {
    const { topics, say, calls } = watched();
    const watch = topics.watch<number>("news");
    say(1);
    topics.end(new ConnectionError("gone"));
    expect(await watch.next()).toEqual(value(1));
    await expect(watch.next()).rejects.toThrow(ConnectionError);
    await expect(topics.watch("news").next()).rejects.toThrow(ConnectionError);
    expect(calls()).toEqual([subscribe]);
  });
});
