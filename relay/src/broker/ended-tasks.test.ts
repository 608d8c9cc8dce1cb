import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { taskKey } from "../task.ts";
import { completed, printed, taskOf } from "./broker-contract-tasks.ts";
import { EndedTasks } from "./ended-tasks.ts";

const TEN_MINUTES_MS = 10 * 60 * 1000;
const MiB = 2 ** 20;

describe("EndedTasks", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const key = (id: string) => taskKey(taskOf({ id }));
  const ended = (characters: number) => ({
    task: taskOf({ id: "t" }),
    events: [],
    outcome: completed("x".repeat(characters)),
  });
  const known = (tasks: EndedTasks, ids: string[]) => ids.filter((id) => tasks.get(key(id)));

  it("[BR8] knows a task with its events for ten minutes", () => {
    const tasks = new EndedTasks();
    const task = { ...ended(1), events: [printed(1)] };
    tasks.add(key("t1"), task);
    vi.setSystemTime(TEN_MINUTES_MS - 1);
    expect(tasks.get(key("t1"))).toMatchObject(task);
    vi.setSystemTime(TEN_MINUTES_MS);
    expect(tasks.get(key("t1"))).toBeUndefined();
  });

  it("[BR8] forgets the oldest first when it holds 2 Mi characters", () => {
    const tasks = new EndedTasks();
    for (const id of ["t1", "t2", "t3"]) tasks.add(key(id), ended(0.75 * MiB));
    expect(known(tasks, ["t1", "t2", "t3"])).toEqual(["t2", "t3"]);
    tasks.add(key("t4"), ended(3 * MiB));
    expect(known(tasks, ["t2", "t3", "t4"])).toEqual([]);
  });

  it("[BR8] keeps 32 Mi characters of tasks that said something, however many come that said nothing", () => {
    const tasks = new EndedTasks();
    const loud = (characters: number) => ({
      ...ended(0),
      events: [{ seq: 1, kind: "print" as const, data: "x".repeat(characters) }],
    });
    tasks.add(key("t1"), loud(1 * MiB));
    for (let i = 0; i < 30_000; i++) tasks.add(key(`quiet ${i}`), ended(10));
    expect(known(tasks, ["t1", "quiet 0", "quiet 29999"])).toEqual(["t1", "quiet 29999"]);
    for (const id of ["t2", "t3"]) tasks.add(key(id), loud(15 * MiB));
    expect(known(tasks, ["t1", "t2", "t3"])).toEqual(["t1", "t2", "t3"]);
    tasks.add(key("t4"), loud(1 * MiB));
    expect(known(tasks, ["t1", "t2", "t3", "t4"])).toEqual(["t2", "t3", "t4"]);
  });

  it("[BR8] counts a task that ended again once, and as the newest", () => {
    const tasks = new EndedTasks();
    for (const id of ["again", "t2"]) tasks.add(key(id), ended(0.75 * MiB));
    vi.setSystemTime(TEN_MINUTES_MS);
    for (const id of ["t3", "again"]) tasks.add(key(id), ended(0.75 * MiB));
    expect(known(tasks, ["again", "t2", "t3"])).toEqual(["again", "t3"]);
    for (let i = 0; i < 4; i++) tasks.add(key("again"), ended(0.75 * MiB));
    tasks.add(key("t4"), ended(1));
    expect(known(tasks, ["again", "t3", "t4"])).toEqual(["again", "t3", "t4"]);
  });
});
