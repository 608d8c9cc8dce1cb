import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { taskKey } from "../task.ts";
import { taskOf } from "./broker-contract-tasks.ts";
import { TaskIds } from "./task-ids.ts";

describe("TaskIds", () => {
  it("[BR15] find a task for as long as it is there, of several callers the oldest first", () => {
    const ids = new TaskIds();
    const tasks = [alice, bob].map(({ publicKey: caller }) => taskOf({ id: "t1", caller }));
    const named = taskOf({ id: "t1" });
    for (const task of tasks) ids.add(taskKey(task), task);
    ids.add(taskKey(taskOf({ id: "t2" })), taskOf({ id: "t2" }));
    expect(ids.keysOf(named)).toEqual(tasks.map(taskKey));
    for (const [i, task] of tasks.entries()) {
      ids.delete(taskKey(task), task);
      expect(ids.keysOf(named)).toEqual(tasks.slice(i + 1).map(taskKey));
    }
    expect(ids.keysOf(taskOf({ id: "t2", circle: mallory.publicKey }))).toEqual([]);
    expect(ids.keysOf(taskOf({ id: "t2" }))).toEqual([taskKey(taskOf({ id: "t2" }))]);
  });
});
