import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { ConnectionError, DeadlineError } from "./errors.ts";
import { ErrorCode, WireError } from "./protocol/errors.ts";
import type { SubscribeResult } from "./protocol/messages.ts";
import { TopicStream } from "./topic-stream.ts";

type Asked = { readonly after: number | undefined; readonly answer: (result: SubscribeResult | Error) => void };

/** A stream whose subscriptions a test answers. */
function streamed() {
  const asked: Asked[] = [];
  const onEmpty = vi.fn();
  const stream = new TopicStream({
    subscribe: (after, onSent) => {
      onSent();
      return new Promise((resolve, reject) => {
        asked.push({ after, answer: (result) => (result instanceof Error ? reject(result) : resolve(result)) });
      });
    },
    onEmpty,
  });
  const answer = async (result: Partial<SubscribeResult> | Error = { head: 0 }) => {
    await vi.waitUntil(() => asked.length > 0);
    asked.shift()?.answer(result instanceof Error ? result : { subscribed: true, ...result });
    await settle();
  };
  /** Events with these numbers, as a relay that had sent `after` sends them. */
  const say = (after: number, ...ids: number[]) => {
    for (const id of ids) {
      stream.receive({ topic: "chat", data: `d${id}`, id, after });
      after = id;
    }
  };
  const afters = () => asked.map(({ after }) => after);
  return { stream, asked, afters, answer, say, onEmpty };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

const value = (id: number) => ({ done: false, value: { topic: "chat", data: `d${id}`, id } });
const DONE = { done: true, value: undefined };

describe("TopicStream", () => {
  it("[S11] gives events with their numbers, from now on or from a number", async () => {
    const { stream, afters, answer, say } = streamed();
    const { events, sent } = stream.enter({});
    await sent;
    expect(afters()).toEqual([undefined]);
    say(5, 6, 7);
    await answer({ head: 5 });
    say(7, 8);
    for (const id of [6, 7, 8]) expect(await events.next()).toEqual(value(id));
    const other = streamed();
    other.stream.enter({ after: 3 });
    expect(other.afters()).toEqual([3]);
  });

  it("[S11] after a connection was lost goes on after the last event, and takes none twice", async () => {
    const { stream, afters, answer, say } = streamed();
    const { events } = stream.enter({});
    await answer({ head: 5 });
    stream.reopened();
    expect(afters()).toEqual([5]);
    await answer({ head: 5 });
    say(5, 6, 7);
    stream.reopened();
    expect(afters()).toEqual([7]);
    say(5, 6, 7); // late
    say(7, 8);
    await answer({ head: 9 });
    for (const id of [6, 7, 8]) expect(await events.next()).toEqual(value(id));
  });

  it("[S11] takes no event while one before it is missing", async () => {
    const { stream, answer, say } = streamed();
    const { events } = stream.enter({ after: 1 });
    await answer({ head: 1 });
    say(5, 6); // of a subscription that began later
    say(1, 5, 6);
    for (const id of [5, 6]) expect(await events.next()).toEqual(value(id));
  });

  it("[S11] is one subscription for all who watch, each from where it goes on", async () => {
    const { stream, afters, answer, say, onEmpty } = streamed();
    const first = stream.enter({}).events;
    await answer({ head: 10 });
    say(10, 20);
    const [late, early] = [stream.enter({}).events, stream.enter({ after: 3 }).events];
    expect(afters()).toEqual([3]);
    say(20, 30); // of the one before
    await answer({ head: 30 });
    say(3, 4, 20, 30, 40);
    const taken = async (events: typeof first, count: number) => {
      const ids: unknown[] = [];
      for (let i = 0; i < count; i++) ids.push((await events.next()).value?.id);
      return ids;
    };
    expect(await taken(first, 3)).toEqual([20, 30, 40]);
    expect(await taken(late, 2)).toEqual([30, 40]);
    expect(await taken(early, 4)).toEqual([4, 20, 30, 40]);
    for (const events of [first, late]) await events.return?.();
    expect(onEmpty).not.toHaveBeenCalled();
    await early.return?.();
    expect(onEmpty.mock.calls).toEqual([[{ isSubscribed: true }]]);
  });

  it("[S11] who begins while others have much unread begins with what comes", async () => {
    const { stream, answer, say } = streamed();
    const slow = stream.enter({}).events;
    await answer({ head: 0 });
    say(0, ...Array.from({ length: 1_010 }, (_, i) => i + 1));
    const { events } = stream.enter({});
    say(1_010, 1_011);
    expect(await events.next()).toEqual(value(1_011));
    expect(await slow.next()).toEqual(value(1));
  });

  it("[S11] what a slow reader leaves unread is asked for again, from its last on", async () => {
    const { stream, afters, answer, say } = streamed();
    const { events } = stream.enter({});
    await answer({ head: 0 });
    const all = Array.from({ length: 2_500 }, (_, i) => i + 1);
    say(0, ...all);
    for (const id of all.slice(0, 1_000)) expect(await events.next()).toEqual(value(id));
    expect(afters()).toEqual([1_000]);
    say(1_000, ...all.slice(1_000));
    await answer({ head: 2_500 });
    for (const id of all.slice(1_000, 2_000)) expect(await events.next()).toEqual(value(id));
    expect(afters()).toEqual([2_000]);
  });

  it("[S11] ends as the relay ends it, or does not begin it, and gives what came before", async () => {
    const { stream, answer, say, onEmpty } = streamed();
    const { events } = stream.enter({});
    await answer({ head: 0 });
    say(0, 1);
    stream.receiveEnd({ topic: "chat", code: ErrorCode.Denied, message: "denied", data: { capability: "x" } });
    expect(await events.next()).toEqual(value(1));
    await expect(events.next()).rejects.toMatchObject({ code: -32003, data: { capability: "x" } });
    expect(await events.next()).toEqual(DONE);
    expect(onEmpty.mock.calls).toEqual([[{ isSubscribed: false }]]);
    const other = streamed();
    const refused = other.stream.enter({}).events.next();
    refused.catch(() => {});
    await other.answer(new WireError(ErrorCode.Denied, "denied"));
    await expect(refused).rejects.toMatchObject({ code: -32003 });
  });

  it.each([
    { code: ErrorCode.Expired, message: "envelope: expired" },
    { code: ErrorCode.LimitReached, message: "events", data: { limit: "kept_events" } },
  ])("[S11] subscribes anew where $message ended it", async (end) => {
    const { stream, afters, answer, say } = streamed();
    const { events } = stream.enter({});
    await answer({ head: 0 });
    say(0, 7);
    stream.receiveEnd({ topic: "chat", ...end });
    expect(afters()).toEqual([7]);
    expect(await events.next()).toEqual(value(7));
  });

  it("[S11] tries again where the relay is busy or late, and not where the connection is closed", async () => {
    const { stream, answer, asked } = streamed();
    const { events } = stream.enter({ after: 2 });
    await answer(new WireError(ErrorCode.Busy, "busy", { retry_after_ms: 1 }));
    await answer(new DeadlineError("late"));
    await answer(new ConnectionError("closed"));
    await expect(events.next()).rejects.toThrow(ConnectionError);
    expect(asked).toEqual([]);
  });

  it.each(["often", 0, -1, 1e12])("[S11] neither hurries nor sleeps for ever where a relay says %s", async (ms) => {
    vi.useFakeTimers();
    try {
      const { stream, answer, asked } = streamed();
      stream.enter({ after: 2 });
      await answer(new WireError(ErrorCode.Busy, "busy", { retry_after_ms: ms }));
      await vi.advanceTimersByTimeAsync(900);
      expect(asked).toEqual([]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(asked).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[S4] keeps nobody waiting until a relay is not busy any more", async () => {
    const { stream, answer } = streamed();
    await stream.enter({}).sent;
    await answer(new WireError(ErrorCode.Busy, "busy", { retry_after_ms: 60_000 }));
    await stream.enter({}).sent;
    await stream.enter({ after: 5 }).sent;
  });

  it("[S11] leaves nothing with its signal when it was ended", async () => {
    const { stream, answer } = streamed();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, "removeEventListener");
    const { events } = stream.enter({ signal });
    await answer(new WireError(ErrorCode.Denied, "denied"));
    await expect(events.next()).rejects.toThrow("denied");
    expect(removed).toHaveBeenCalled();
  });

  it("[S11] ends with the reason of its signal", async () => {
    const { stream, onEmpty, answer } = streamed();
    const stop = new AbortController();
    const { events } = stream.enter({ signal: stop.signal });
    await answer();
    const next = events.next();
    stop.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    expect(onEmpty).toHaveBeenCalled();
    const aborted = streamed().stream.enter({ signal: stop.signal }).events;
    await expect(aborted.next()).rejects.toThrow("enough");
  });

  it("[S12] tells of what the log has no more, and goes on with what it has", async () => {
    const { stream, answer, say } = streamed();
    const onGap = vi.fn();
    const { events } = stream.enter({ after: 10, onGap });
    say(10, 5_000);
    await answer({ head: 6_000, gap: true });
    expect(onGap).toHaveBeenCalledTimes(1);
    expect(await events.next()).toEqual(value(5_000));
    stream.reopened(); // to a relay whose log is another one, and shorter
    await answer({ head: 2_000, gap: true });
    await answer({ head: 2_000 });
    say(2_000, 2_001);
    expect(onGap).toHaveBeenCalledTimes(2);
    expect(await events.next()).toEqual(value(2_001));
  });

  it("[S11] gives each event once and in order to all, whoever comes and goes and whatever is cut", async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant("event" as const) },
      { weight: 3, arbitrary: fc.constant("answer" as const) },
      { weight: 1, arbitrary: fc.constant("cut" as const) },
      { weight: 1, arbitrary: fc.nat(40).map((after) => ({ after })) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { stream, asked } = streamed();
        const log: number[] = [];
        const watches = [{ after: 0, events: stream.enter({ after: 0 }).events }];
        /** What the relay sent on the subscription that there is; none where the connection was cut. */
        let sent: number | undefined;
        const sendNew = () => {
          for (const id of log.filter((id) => sent !== undefined && id > sent)) {
            stream.receive({ topic: "chat", data: `d${id}`, id, after: sent ?? 0 });
            sent = id;
          }
        };
        const answerOne = async () => {
          const one = asked.shift();
          if (!one) return;
          sent = one.after ?? log.at(-1) ?? 0;
          one.answer({ subscribed: true, head: log.at(-1) ?? 0 });
          sendNew();
          await settle();
        };
        for (const one of steps) {
          if (one === "event") log.push((log.at(-1) ?? 0) + 3);
          else if (one === "answer") await answerOne();
          else if (one === "cut") {
            sent = undefined;
            stream.reopened();
          } else {
            const after = Math.min(one.after, log.at(-1) ?? 0);
            watches.push({ after, events: stream.enter({ after }).events });
          }
          sendNew();
          await settle();
        }
        for (let i = 0; i < 100 && asked.length > 0; i++) await answerOne();
        for (const { after, events } of watches) {
          for (const id of log.filter((id) => id > after)) expect(await events.next()).toEqual(value(id));
        }
      }),
      { numRuns: 200 },
    );
  });
});
