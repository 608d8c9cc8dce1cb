import type { Keypair } from "@circles/sdk";
import type { TaskId } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { TaskMemory } from "./task-memory.ts";

describe("TaskMemory", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const id = "same" as TaskId;
  const place = (offset: number) => ({ segment: 1, offset, bytes: 1 });
  const taskOf = (caller: Keypair, task: TaskId, offset: number, until: number) => {
    return { caller: caller.publicKey, task, place: place(offset), until };
  };

  it("[LG8] knows a task until its time has passed, whatever else it is told", () => {
    const memory = new TaskMemory();
    memory.remember(taskOf(alice, id, 7, 60));
    for (let i = 0; i < 5_000; i++) memory.remember(taskOf(bob, `t${i}` as TaskId, i, i % 2 === 0 ? 30 : 90));
    vi.setSystemTime(60_000);
    expect(memory.recall(alice.publicKey, id)).toEqual(place(7));
    expect(memory.recall(bob.publicKey, "t0" as TaskId)).toBeUndefined();
    expect(memory.recall(bob.publicKey, "t4999" as TaskId)).toEqual(place(4_999));
    vi.setSystemTime(60_001);
    expect(memory.recall(alice.publicKey, id)).toBeUndefined();
  });

  it("[LG8] tells callers apart, and knows the last of one caller's", () => {
    const memory = new TaskMemory();
    memory.remember(taskOf(alice, id, 1, 60));
    expect(memory.recall(bob.publicKey, id)).toBeUndefined();
    memory.remember(taskOf(alice, id, 2, 120));
    vi.setSystemTime(90_000);
    expect(memory.recall(alice.publicKey, id)).toEqual(place(2));
  });

  it("[LG8] tells all that it remembers, as they are when their turn comes", () => {
    const memory = new TaskMemory();
    const [old, first, second] = [
      taskOf(alice, "old" as TaskId, 1, 10),
      taskOf(alice, id, 2, 60),
      taskOf(bob, id, 3, 60),
    ];
    for (const task of [old, first, second]) memory.remember(task);
    vi.setSystemTime(20_000);
    expect(Array.from(memory.all())).toEqual([first, second]);
    const all = memory.all();
    all.next();
    memory.remember({ ...second, place: place(4) });
    expect(all.next().value).toEqual({ ...second, place: place(4) });
  });
});
