import { ErrorCode, type TopicEvent, type TopicPart, WireError } from "@circles/sdk/protocol";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Heard } from "../task.ts";
import { TopicSubscription } from "./topic-subscription.ts";

/** A topic's log, and a subscription to it whose reads a test answers. */
function subscribed({ pageSize = 2 }: { pageSize?: number } = {}) {
  const state = {
    head: 0,
    first: 0,
    error: undefined as unknown,
    hasRoom: true,
    until: undefined as number | undefined,
  };
  const log: TopicEvent[] = [];
  const reads: { after: number | undefined; isAgain: boolean; answer: () => void }[] = [];
  const sent: (TopicEvent & { after: number })[] = [];
  const onEnd = vi.fn<(error: WireError) => void>();
  const end = new AbortController();
  const page = (after = state.head): Heard => {
    const following = log.filter(({ id }) => id > after && id > state.first);
    const events = following.slice(0, pageSize);
    const gap = after < state.first ? ({ gap: true } as const) : {};
    const until = state.until === undefined ? {} : { until: state.until };
    if (following.length > pageSize)
      return { after, head: events.at(-1)?.id ?? 0, events, more: true, ...gap, ...until };
    return { after, head: state.head, events, ...gap, ...until };
  };
  const subscription = new TopicSubscription({
    read: (after, isAgain) =>
      new Promise((resolve, reject) => {
        const answer = () => (state.error === undefined ? resolve(page(after)) : reject(state.error));
        reads.push({ after, isAgain, answer });
      }),
    send: (event) => sent.push(event),
    onEnd: (error) => {
      onEnd(error);
      end.abort();
    },
    hasRoom: () => state.hasRoom,
    room: async () => {
      if (!state.hasRoom) await vi.waitUntil(() => state.hasRoom);
    },
    signal: end.signal,
  });
  /** A record with these events, or with others' only. Answers what is told of it. */
  const commit = (...data: unknown[]) => {
    const after = log.at(-1)?.id ?? 0;
    const events = data.map((data, i) => ({ id: state.head + i + 1, data }));
    log.push(...events);
    state.head += 1_000;
    return { after, head: state.head, events };
  };
  const answer = async () => {
    await vi.waitUntil(() => reads.length > 0);
    reads.shift()?.answer();
    await settle();
  };
  const ids = () => sent.map(({ id }) => id);
  return { subscription, state, log, reads, sent, ids, onEnd, end, commit, answer };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe("TopicSubscription", () => {
  it("[GW15] sends what was missed, page by page, then what happens", async () => {
    const { subscription, commit, answer, reads, sent } = subscribed();
    for (let i = 0; i < 3; i++) commit(i, `${i}b`);
    const begun = subscription.begin(1);
    await answer();
    expect(await begun).toEqual({ head: 1_001 });
    expect(reads).toMatchObject([{ after: 1_001, isAgain: true }]);
    await answer();
    await answer();
    subscription.hear(commit("live"));
    expect(sent).toEqual([
      { id: 2, data: "0b", after: 1 },
      { id: 1_001, data: 1, after: 2 },
      { id: 1_002, data: "1b", after: 1_001 },
      { id: 2_001, data: 2, after: 1_002 },
      { id: 2_002, data: "2b", after: 2_001 },
      { id: 3_001, data: "live", after: 2_002 },
    ]);
    expect(reads).toEqual([]);
  });

  it("[GW15] without a number begins with what comes, also while it is asked for", async () => {
    const { subscription, commit, answer, sent } = subscribed();
    commit("old");
    const begun = subscription.begin(undefined);
    await answer();
    subscription.hear(commit("new"));
    expect(await begun).toEqual({ head: 1_000 });
    await settle();
    expect(sent).toEqual([{ id: 1_001, data: "new", after: 1_000 }]);
  });

  it("[GW15] begins with what was told since it was asked for, were it committed before the worker looked", async () => {
    const { subscription, commit, answer, sent } = subscribed();
    commit("old");
    const begun = subscription.begin(undefined);
    for (let i = 0; i < 70; i++) subscription.hear(commit(i)); // more than are kept meanwhile
    await answer();
    expect(await begun).toEqual({ head: 1 });
    while (sent.length < 70) await answer();
    expect(sent.map(({ data }) => data)).toEqual(Array.from({ length: 70 }, (_, i) => i));
  });

  it("[GW15] reads what it was not told of, and what is told twice it sends once", async () => {
    const { subscription, commit, answer, ids, reads } = subscribed();
    void subscription.begin(0);
    await answer();
    commit("lost");
    const told = commit("told");
    subscription.hear(told);
    subscription.hear(told);
    expect(ids()).toEqual([]);
    await answer();
    subscription.hear(told);
    expect(ids()).toEqual([1, 1_001]);
    subscription.reach(2_000);
    expect(reads).toEqual([]);
    subscription.reach(3_000); // somebody committed, and could not tell
    commit("untold");
    await answer();
    expect(ids()).toEqual([1, 1_001, 2_001]);
  });

  it("[GW16] sends nothing from when it is to be checked until it was, and then no more", async () => {
    const { subscription, state, commit, answer, ids, onEnd } = subscribed();
    void subscription.begin(0);
    await answer();
    subscription.check();
    subscription.hear(commit("secret"));
    state.error = new WireError(ErrorCode.Denied, "denied", { capability: "subscribe:chat" });
    await answer();
    subscription.hear(commit("secret"));
    await settle();
    expect(ids()).toEqual([]);
    expect(onEnd.mock.calls).toEqual([[state.error]]);
  });

  it("[GW16] is checked when what allowed it is over, before anything is sent", async () => {
    const { subscription, state, commit, answer, ids, reads } = subscribed();
    state.until = Date.now() + 3_600_000;
    void subscription.begin(0);
    await answer();
    subscription.hear(commit(1));
    expect(ids()).toEqual([1]);
    state.until = Date.now() - 1;
    subscription.check();
    await answer();
    subscription.hear(commit(2));
    await settle();
    expect([ids(), reads.length]).toEqual([[1], 1]);
    state.until = undefined;
    await answer();
    expect(ids()).toEqual([1, 1_001]);
  });

  it("[GW15] waits while its peer does not read, and then reads what came", async () => {
    const { subscription, state, commit, answer, ids, reads } = subscribed({ pageSize: 100 });
    void subscription.begin(0);
    await answer();
    state.hasRoom = false;
    for (let i = 0; i < 1_000; i++) subscription.hear(commit(i));
    await settle();
    expect([ids(), reads.length]).toEqual([[], 0]);
    state.hasRoom = true;
    while (ids().length < 1_000) await answer();
    expect(ids()).toEqual(Array.from({ length: 1_000 }, (_, i) => i * 1_000 + 1));
  });

  it.each([ErrorCode.Busy, ErrorCode.TimedOut, ErrorCode.InternalError])(
    "[GW15] tries again where %s keeps it from reading",
    async (code) => {
      const { subscription, state, commit, answer, ids, onEnd } = subscribed();
      void subscription.begin(0);
      await answer();
      commit(1);
      state.error = new WireError(code, "not now", { retry_after_ms: 1 });
      subscription.check();
      await answer();
      state.error = undefined;
      await answer();
      expect(ids()).toEqual([1]);
      expect(onEnd).not.toHaveBeenCalled();
    },
  );

  it("[GW17] tells of a gap at its start, and ends at one later", async () => {
    const { subscription, state, commit, answer, ids, onEnd } = subscribed();
    for (let i = 0; i < 5; i++) commit(i);
    state.first = 3_000;
    const begun = subscription.begin(1);
    await answer();
    expect(await begun).toEqual({ head: 5_000, gap: true });
    expect(ids()).toEqual([3_001, 4_001]);
    commit(5);
    state.first = 6_000;
    subscription.check();
    await answer();
    expect(onEnd.mock.calls).toMatchObject([[{ code: -32004, data: { limit: "kept_events" } }]]);
  });

  it("[GW17] of a log that ends before the number goes on from its end, and says so", async () => {
    const { subscription, commit, answer, sent, state } = subscribed();
    commit("old");
    const begun = subscription.begin(9_000);
    state.first = 1_000_000; // as the worker tells it
    await answer();
    expect(await begun).toEqual({ head: 1_000, gap: true });
    subscription.hear(commit("new"));
    expect(sent).toEqual([{ id: 1_001, data: "new", after: 1_000 }]);
  });

  it("[GW15] asks the worker again where what was told makes no sense, and goes on", async () => {
    vi.useFakeTimers();
    try {
      const { subscription, commit, answer, ids } = subscribed();
      const begun = subscription.begin(undefined);
      subscription.hear({ after: 0, head: 1_000, events: null } as unknown as TopicPart); // whoever writes to Redis
      await answer();
      await begun;
      commit("missed");
      await vi.advanceTimersByTimeAsync(1_500);
      await answer();
      subscription.hear(commit("next"));
      expect(ids()).toEqual([1, 1_001]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[GW15] asks a worker that is busy less and less often", async () => {
    vi.useFakeTimers();
    try {
      const { subscription, answer, reads, state } = subscribed();
      const begun = subscription.begin(undefined);
      await answer();
      await begun;
      state.error = new WireError(ErrorCode.Busy, "busy", { retry_after_ms: 250 });
      subscription.check();
      let asked = 0;
      for (let ms = 0; ms < 60_000; ms += 50) {
        asked += reads.length;
        for (const read of reads.splice(0)) read.answer();
        await vi.advanceTimersByTimeAsync(50);
      }
      expect(asked).toBeGreaterThan(5);
      expect(asked).toBeLessThan(20);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[GW15] sends each event once and in order, whatever is lost, told twice, late or out of order", async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ commit: fc.nat(3), isTold: fc.boolean(), isTwice: fc.boolean() }) },
      { weight: 2, arbitrary: fc.constant("late" as const) },
      { weight: 3, arbitrary: fc.constant("answer" as const) },
      { weight: 1, arbitrary: fc.constant("check" as const) },
      { weight: 1, arbitrary: fc.constant("slow" as const) },
      { weight: 1, arbitrary: fc.constant("fail" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(4), fc.array(step, { maxLength: 40 }), fc.nat(4_500), async (before, steps, after) => {
        const { subscription, state, log, commit, reads, sent, end, onEnd } = subscribed();
        for (let i = 0; i < before; i++) commit(...Array.from({ length: i }, (_, n) => n));
        const from = Math.min(after, state.head);
        subscription.begin(from).catch(() => {});
        reads.shift()?.answer();
        await settle();
        const kept: ReturnType<typeof commit>[] = [];
        for (const one of steps) {
          if (one === "answer") reads.shift()?.answer();
          else if (one === "check") subscription.check();
          else if (one === "late") for (const part of kept.splice(0, 2).toReversed()) subscription.hear(part);
          else if (one === "slow") state.hasRoom = !state.hasRoom;
          else if (one === "fail") {
            const failing = reads.shift();
            state.error = new WireError(ErrorCode.Busy, "busy", { retry_after_ms: 0 });
            failing?.answer();
            state.error = undefined;
          } else {
            const part = commit(...Array.from({ length: one.commit }, (_, i) => i));
            if (part.events.length > 0 && one.isTold) subscription.hear(part);
            if (part.events.length > 0 && one.isTwice) kept.push(part);
          }
          await settle();
        }
        state.hasRoom = true;
        subscription.reach(state.head); // the broker says that something may be lost
        const expected = log.filter(({ id }) => id > from);
        await vi.waitUntil(() => {
          reads.shift()?.answer();
          return sent.length >= expected.length;
        });
        expect(sent.map(({ id, data }) => ({ id, data }))).toEqual(expected);
        expect(sent.map(({ after }) => after)).toEqual([from, ...expected.map(({ id }) => id)].slice(0, sent.length));
        expect(onEnd).not.toHaveBeenCalled();
        end.abort();
      }),
      { numRuns: 60 },
    );
  });
});
