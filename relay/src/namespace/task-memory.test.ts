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
  const place = (offset: number) => ({ offset, bytes: 1 });

  it("[LG8] knows a task until its time has passed, whatever else it is told", () => {
    const memory = new TaskMemory();
    memory.remember(alice.publicKey, id, place(7), 60);
    for (let i = 0; i < 5_000; i++) memory.remember(bob.publicKey, `t${i}` as TaskId, place(i), i % 2 === 0 ? 30 : 90);
    vi.setSystemTime(60_000);
    expect(memory.recall(alice.publicKey, id)).toEqual(place(7));
    expect(memory.recall(bob.publicKey, "t0" as TaskId)).toBeUndefined();
    expect(memory.recall(bob.publicKey, "t4999" as TaskId)).toEqual(place(4_999));
    vi.setSystemTime(60_001);
    expect(memory.recall(alice.publicKey, id)).toBeUndefined();
  });

  it("[LG8] tells callers apart, and knows the last of one caller's", () => {
    const memory = new TaskMemory();
    memory.remember(alice.publicKey, id, place(1), 60);
    expect(memory.recall(bob.publicKey, id)).toBeUndefined();
    memory.remember(alice.publicKey, id, place(2), 120);
    vi.setSystemTime(90_000);
    expect(memory.recall(alice.publicKey, id)).toEqual(place(2));
  });
});
