import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { taskKey } from "../task.ts";
import { taskOf } from "./broker-contract-tasks.ts";
import { TaskIds } from "./task-ids.ts";

describe("TaskIds", () => {
  it("[BR15] find a task for as long as it is there, those of several callers one after the other", () => {
    const ids = new TaskIds();
    const tasks = [alice, bob].map(({ publicKey: caller }) => taskOf({ id: "t1", caller }));
    const named = taskOf({ id: "t1" });
    for (const task of tasks) ids.add(taskKey(task), task);
    ids.add(taskKey(taskOf({ id: "t2" })), taskOf({ id: "t2" }));
    for (const task of tasks) {
      expect(ids.find(named)).toBe(taskKey(task));
      ids.delete(taskKey(task), task);
    }
    expect(ids.find(named)).toBeUndefined();
    expect(ids.find(taskOf({ id: "t2", circle: mallory.publicKey }))).toBeUndefined();
    expect(ids.find(taskOf({ id: "t2" }))).toBe(taskKey(taskOf({ id: "t2" })));
  });
});
