import { describe, expect, it, vi } from "vitest";
import { ConnectionError } from "./errors.ts";
import { WireError } from "./protocol/errors.ts";
import { Topics } from "./topics.ts";

/** Topics over calls that a test answers. */
function watched({ answer = () => Promise.resolve({}) }: { answer?: () => Promise<unknown> } = {}) {
  const call = vi.fn<(...asked: unknown[]) => Promise<unknown>>(answer);
  const topics = new Topics(call as never, async () => SIGNED as never);
  const calls = () => call.mock.calls;
  const say = (...numbers: number[]) => {
    for (const n of numbers) topics.receive({ topic: "news", data: news(n) });
  };
  const list = vi.fn<() => Promise<News[]>>(async () => []);
  const enter = (topic = "news") => topics.watch<News>(topic, list);
  return { topics, calls, say, enter, list };
}
type News = { readonly id: string };
const news = (n: number): News => ({ id: String(n) });
const SIGNED = { task_id: "t", envelope: "e" };
const subscribe = ["subscribe", { topic: "news" }];
const unsubscribe = ["unsubscribe", { topic: "news" }];
const value = (n: number) => ({ done: false, value: news(n) });
const DONE = { done: true, value: undefined };

describe("Topics", () => {
  it("[S7] a watch gives what is said from its call on, in order, read early or late", async () => {
    const { topics, calls, say, enter } = watched();
    say(0);
    const watch = enter();
    expect(calls()).toEqual([subscribe]);
    const first = watch.next();
    say(1, 2, 3);
    topics.receive({ topic: "other", data: news(9) });
    expect([await first, await watch.next(), await watch.next()]).toEqual([1, 2, 3].map(value));
  });

  it("[S7] several watches are one subscription, which ends with the last of them", async () => {
    const { calls, say, enter } = watched();
    const watches = [enter(), enter()];
    say(1);
    for (const watch of watches) {
      for await (const data of watch) {
        expect(data).toEqual(news(1));
        break;
      }
    }
    expect(calls()).toEqual([subscribe, unsubscribe]);
    for (const watch of watches) expect(await watch.return?.()).toEqual(DONE);
    enter();
    expect(calls()).toEqual([subscribe, unsubscribe, subscribe]);
  });

  it("[S7] a watch that is asked ends when it is told to", async () => {
    const { enter } = watched();
    const watch = enter();
    const asked = [watch.next(), watch.next()];
    await watch.return?.();
    expect(await Promise.all(asked)).toEqual([DONE, DONE]);
    expect(await watch.next()).toEqual(DONE);
  });

  it("[S7] of what nobody reads the newest 1,000 are kept", async () => {
    const { say, enter } = watched();
    const watch = enter();
    say(...Array.from({ length: 1_010 }, (_, i) => i));
    expect(await watch.next()).toEqual(value(10));
  });

  it("[S7] a subscription that is refused throws, once, and can be tried again", async () => {
    const refusal = new WireError(-32003, "denied");
    const { calls, enter } = watched({ answer: () => Promise.reject(refusal) });
    const asked = enter().next();
    await expect(asked).rejects.toBe(refusal);
    const late = enter();
    await vi.waitUntil(() => calls().length === 2);
    await expect(late.next()).rejects.toBe(refusal);
    expect(await late.next()).toEqual(DONE);
    expect(calls()).toEqual([subscribe, subscribe]);
  });

  it("[S7] what is watched is subscribed to again when the connection is there again", async () => {
    const { topics, calls, say, enter } = watched();
    const watch = enter();
    await enter("other").return?.();
    calls().length = 0;
    topics.reopened();
    expect(calls()).toEqual([subscribe]);
    say(1);
    expect(await watch.next()).toEqual(value(1));
  });

  it("[S7] what was said while there was no connection is told when there is one again, and nothing twice", async () => {
    const { topics, say, enter, list } = watched();
    const watches = [enter(), enter()] as const;
    say(1, 2);
    list.mockImplementation(async () => {
      say(4); // on its way at the same time
      return [2, 3, 4].map(news);
    });
    topics.reopened();
    await vi.waitUntil(() => list.mock.results.length === 1);
    await list.mock.results[0]?.value;
    say(3, 5);
    for (const watch of watches) {
      for (const n of [1, 2, 4, 3, 5]) expect(await watch.next()).toEqual(value(n));
    }
  });

  it("[S7] a watch that cannot be told what it missed throws", async () => {
    const { topics, enter, list } = watched();
    const watch = enter();
    const why = new WireError(-32005, "timed out");
    list.mockRejectedValue(why);
    topics.reopened();
    await expect(watch.next()).rejects.toBe(why);
  });

  it("[S4] when the connection ends, watches give what they have and throw; later ones throw", async () => {
    const { topics, calls, say, enter } = watched();
    const watch = enter();
    say(1);
    topics.end(new ConnectionError("gone"));
    expect(await watch.next()).toEqual(value(1));
    await expect(watch.next()).rejects.toThrow(ConnectionError);
    await expect(enter().next()).rejects.toThrow(ConnectionError);
    expect(calls()).toEqual([subscribe]);
  });
});
