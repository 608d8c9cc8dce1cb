import type { Keypair } from "@circles/sdk";
import type { TaskId } from "@circles/sdk/protocol";
import fc from "fast-check";
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

  const taskOf = ({ publicKey }: Keypair, id: string) => ({ caller: publicKey, task: id as TaskId });
  const many = (count: number) => Array.from({ length: count }, (_, i) => taskOf(bob, `task-${i}`));
  const rememberAll = (memory: TaskMemory, count: number, { seq = 1, until = 600 } = {}) => {
    for (const [i, task] of many(count).entries()) memory.remember(task, { seq: seq + i, until });
  };
  /** A memory that has read what a checkpoint says. */
  const reloaded = ({ salt, logged }: { salt: string; logged: () => Iterable<unknown> }, memory = new TaskMemory()) => {
    memory.load(JSON.parse(JSON.stringify({ salt, tables: Array.from(logged()) })));
    return memory;
  };
  const loggedOf = (memory: TaskMemory) => ({ salt: memory.salt, logged: () => memory.logged() });

  it("[LG8] knows each of 200,000 tasks until its time has passed, in 10 bytes each, and hardly any other", () => {
    const memory = new TaskMemory();
    rememberAll(memory, 200_000);
    vi.setSystemTime(600_000);
    for (const [i, task] of many(200_000).entries()) expect(memory.recall(task).includes(1 + i)).toBe(true);
    const others = many(20_000).filter(({ task }) => memory.recall(taskOf(alice, task)).length > 0);
    expect(others.length).toBeLessThan(20_000 * 0.005);
    expect((memory.loggedLength * 3) / 4).toBeLessThan(200_000 * 10);
  });

  it("[LG8] forgets those whose time has passed, and keeps the others for them no longer", () => {
    const memory = new TaskMemory();
    memory.remember(taskOf(alice, "for-a-day"), { seq: 1, until: 86_400 });
    rememberAll(memory, 200_000, { seq: 2 });
    const most = memory.loggedLength;
    expect(memory.oldest).toBe(1);
    vi.setSystemTime(4_000_000);
    rememberAll(memory, 100, { seq: 200_002, until: 4_600 });
    expect(memory.loggedLength).toBeLessThan(most / 100);
    expect(memory.recall(taskOf(alice, "for-a-day"))).toEqual([1]);
    expect(memory.recall(taskOf(bob, "task-99"))).toEqual([200_101]);
    vi.setSystemTime(86_401_000);
    expect(memory.oldest).toBe(Number.POSITIVE_INFINITY);
    expect(Array.from(memory.logged())).toEqual([]);
    memory.remember(taskOf(alice, "too-late"), { seq: 300_000, until: 86_400 });
    expect(memory.recall(taskOf(alice, "too-late"))).toEqual([]);
  });

  it("[LG8] tells callers apart, and names all records of a task, the last first", () => {
    const memory = new TaskMemory();
    memory.remember(taskOf(alice, "same"), { seq: 1, until: 60 });
    expect(memory.recall(taskOf(bob, "same"))).toEqual([]);
    memory.remember(taskOf(alice, "same"), { seq: 2, until: 7_200 });
    rememberAll(memory, 100, { seq: 3 });
    memory.remember(taskOf(alice, "same"), { seq: 103, until: 60 });
    expect(memory.recall(taskOf(alice, "same"))).toEqual([103, 2, 1]);
  });

  it("[LG11] goes on from what a checkpoint says, wherever that was written meanwhile", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300), { minLength: 1, maxLength: 5 }), fc.boolean(), (counts, lives) => {
        let memory = new TaskMemory();
        let seq = 1;
        for (const count of counts) {
          for (let i = 0; i < count; i++, seq++) {
            memory.remember(taskOf(alice, `t${seq}`), { seq, until: lives && i % 2 === 0 ? 86_400 : 600 });
          }
          memory = reloaded(loggedOf(memory));
        }
        for (let past = 1; past < seq; past++) expect(memory.recall(taskOf(alice, `t${past}`))).toContain(past);
      }),
      { numRuns: 50 },
    );
  });

  it("[LG11] takes in the same from several checkpoints once, and nothing from one of which the log told itself", () => {
    const [before, memory] = [new TaskMemory(), new TaskMemory()];
    rememberAll(before, 30);
    reloaded(loggedOf(before), memory);
    rememberAll(before, 40); // the table has grown
    reloaded(loggedOf(before), memory);
    reloaded(loggedOf(before), memory);
    expect(new Set(memory.logged())).toEqual(new Set(before.logged()));
    const another = new TaskMemory();
    rememberAll(another, 1, { seq: 1_000 });
    reloaded(loggedOf(another), memory);
    expect(memory.oldest).toBe(1);
    expect(Array.from(memory.logged())).toHaveLength(Array.from(before.logged()).length);
  });

  it("[LG11] is told of as it is when its turn comes: more may be remembered meanwhile", () => {
    const memory = new TaskMemory();
    const tables = memory.logged();
    rememberAll(memory, 10);
    const found = new TaskMemory();
    found.load({ salt: memory.salt, tables: Array.from(tables) });
    expect(found.recall(taskOf(bob, "task-9"))).toEqual([10]);
  });
});
