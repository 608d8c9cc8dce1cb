import type { TaskId } from "@circles/sdk/protocol";
import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { type Event, type Outcome, type TaskKey, taskKey } from "../task.ts";
import { type FollowOptions, UnknownTask } from "./broker.ts";
import { brokerUnderTest, idsOf, type MakeBroker } from "./broker-contract-subject.ts";
import { completed, printed, REFUSED, taskOf } from "./broker-contract-tasks.ts";

/** Who follows a task hears what: rules BR7–BR10 and BR15. */
export function waitsContract(name: string, makeBroker: MakeBroker): void {
  describe(name, () => {
    const subject = brokerUnderTest(makeBroker);
    const { submit, follow, take, finishAll, takeAndFinish } = subject;

    it("[BR7] passes events on in order and before the outcome, to all who follow", async () => {
      const task = taskOf({ id: "t1" });
      const seen: unknown[][] = [[], [], []];
      const watch = (i: number): FollowOptions => ({ onEvent: ({ seq }) => seen[i]?.push(seq) });
      const waits = [submit(task, watch(0))];
      const claim = await take();
      subject.broker.emit(claim, taskKey(task), printed(1));
      subject.broker.emit(claim, taskKey(task), printed(2));
      waits.push(follow(taskKey(task), watch(1)), submit(task, watch(2)));
      subject.broker.emit(claim, taskKey(task), printed(3));
      await finishAll(claim);
      await Promise.all(waits.map(async (wait, i) => seen[i]?.push((await wait).status)));
      expect(seen).toEqual(Array.from({ length: 3 }, () => [1, 2, 3, "completed"]));
    });

    it.each([
      ["that runs", 0, [1, 2, 3, 4]],
      ["that runs", 2, [3, 4]],
      ["that runs", 3, [4]],
      ["that ended", 0, [1, 2, 3, 4]],
      ["that ended", 3, [4]],
      ["that ended", 9, []],
    ])("[BR7] who follows a task %s after event %d gets %j", async (state, after, expected) => {
      const task = taskOf({ id: "t1" });
      void submit(task);
      const claim = await take();
      const seen: number[] = [];
      const attach = () => follow(taskKey(task), { after, onEvent: ({ seq }) => seen.push(seq) });
      for (const seq of [1, 2]) subject.broker.emit(claim, taskKey(task), printed(seq));
      const early = state === "that runs" ? attach() : undefined;
      for (const seq of [3, 4]) subject.broker.emit(claim, taskKey(task), printed(seq));
      await finishAll(claim);
      await (early ?? attach());
      expect(seen).toEqual(expected);
    });

    it("[BR7] a task that runs again does not repeat its events", async () => {
      const task = taskOf({ id: "t1" });
      const seen: number[] = [];
      const outcome = submit(task, { onEvent: ({ seq }) => seen.push(seq) });
      const first = await take();
      for (const seq of [1, 2]) subject.broker.emit(first, taskKey(task), printed(seq));
      await subject.broker.release(first);
      const second = await take();
      expect(second.tasks[0]?.said).toBe(0); // it runs from the start
      for (const seq of [1, 2, 3]) subject.broker.emit(second, taskKey(task), printed(seq));
      await finishAll(second);
      await outcome;
      expect(seen).toEqual([1, 2, 3]);
    });

    it("[BR8] to follow or to cancel what is not known is UnknownTask", async () => {
      const key = taskKey(taskOf({ id: "never" }));
      await expect(follow(key)).rejects.toThrow(UnknownTask);
      await expect(subject.broker.cancel(key)).rejects.toThrow(UnknownTask);
    });

    it("[BR8] who follows a task hears how long its worker was busy with it, who asks later does not", async () => {
      const task = taskOf({ id: "t1" });
      const waits = [submit(task), submit(task), follow(taskKey(task))];
      const timed: Outcome = { ...completed("done"), timing: { run_ms: 1.5, commit_ms: 2.25 } };
      await takeAndFinish(timed);
      expect(await Promise.all(waits)).toEqual([timed, timed, timed]);
      expect([await submit(task), await follow(taskKey(task))]).toEqual([completed("done"), completed("done")]);
    });

    it("[BR8] a task that ended without a record is forgotten, and its id free for any play", async () => {
      const outcome = submit(taskOf({ id: "t1" }));
      await takeAndFinish(REFUSED);
      expect(await outcome).toEqual(REFUSED);
      await expect(follow(taskKey(taskOf({ id: "t1" })))).rejects.toThrow(UnknownTask);
      const other = submit(taskOf({ id: "t1", script: "another" }));
      await takeAndFinish(completed("tried again"));
      expect(await other).toEqual(completed("tried again"));
    });

    it("[BR15] finds a task by circle and id, whoever its caller is, for as long as it can be followed", async () => {
      const [bobs, refused] = [taskOf({ id: "t1", caller: bob.publicKey }), taskOf({ id: "t2" })];
      const [circle, id] = [bobs.circle, bobs.id];
      expect(await subject.broker.find(circle, id)).toBeUndefined();
      void submit(bobs);
      void submit(refused);
      void submit(taskOf({ id: "t1", circle: bob.publicKey }));
      expect(await subject.broker.find(circle, id)).toBe(taskKey(bobs));
      const claim = await take(2);
      expect(await subject.broker.find(circle, id)).toBe(taskKey(bobs));
      await subject.broker.finish(claim, taskKey(bobs), completed("done"));
      await subject.broker.finish(claim, taskKey(refused), REFUSED);
      expect(await subject.broker.find(circle, id)).toBe(taskKey(bobs));
      expect(await subject.broker.find(circle, refused.id)).toBeUndefined();
      expect(await subject.broker.find(mallory.publicKey, id)).toBeUndefined();
      expect(await subject.broker.find(circle, "1" as TaskId)).toBeUndefined();
    });

    it.each([
      ["the older", [0, 1]],
      ["the newer", [1, 0]],
    ])("[BR15] finds the oldest task that has not ended, or the oldest, when %s one ends first", async (_, order) => {
      const tasks = [bob, mallory].map(({ publicKey: caller }) => taskOf({ id: "t1", caller }));
      const keys = tasks.map(taskKey);
      const [first, last] = order.map((i) => keys[i]) as [TaskKey, TaskKey];
      for (const task of tasks) void submit(task);
      const find = () => subject.broker.find(alice.publicKey, "t1" as TaskId);
      const claim = await take(2);
      expect(await find()).toBe(keys[0]);
      await subject.broker.finish(claim, first, completed("first"));
      expect(await find()).toBe(last);
      await subject.broker.finish(claim, last, completed("last"));
      expect(await find()).toBe(keys[0]);
    });

    it("[BR9] aborting the wait for a task ends this wait only", async () => {
      const task = taskOf({ id: "t1" });
      const [impatient, seen] = [new AbortController(), [] as number[]];
      const patient = submit(task);
      const given = submit(task, { onEvent: ({ seq }) => seen.push(seq) }, impatient.signal);
      const claim = await take();
      subject.broker.emit(claim, taskKey(task), printed(1));
      await expect.poll(() => seen).toEqual([1]);
      impatient.abort(new Error("gave up"));
      await expect(given).rejects.toThrow("gave up");
      subject.broker.emit(claim, taskKey(task), printed(2));
      await finishAll(claim);
      expect(await patient).toEqual(completed("done"));
      expect(seen).toEqual([1]);
      expect(claim.tasks[0]?.cancelled.aborted).toBe(false);
    });

    it("[BR9] a wait that was aborted before it began does not begin", async () => {
      const signal = AbortSignal.abort(new Error("gone"));
      await expect(submit(taskOf({ id: "t1" }), {}, signal)).rejects.toThrow("gone");
      await expect(subject.broker.take({ mostTasks: 1 }, signal)).rejects.toThrow("gone");
      void submit(taskOf({ id: "t2" }));
      expect(idsOf(await take(9))).toEqual(["t2"]);
    });

    it("[BR9] aborting while old events are said again stops them", async () => {
      const task = taskOf({ id: "t1" });
      void submit(task);
      const claim = await take();
      for (const seq of [1, 2, 3]) subject.broker.emit(claim, taskKey(task), printed(seq));
      const [leaving, seen] = [new AbortController(), [] as number[]];
      const onEvent = ({ seq }: Event) => {
        seen.push(seq);
        if (seq === 2) leaving.abort(new Error("seen enough"));
      };
      await expect(follow(taskKey(task), { onEvent }, leaving.signal)).rejects.toThrow("seen enough");
      expect(seen).toEqual([1, 2]);
    });

    it("[BR9] a worker that stops waiting takes nothing", async () => {
      const stop = new AbortController();
      const stopped = subject.broker.take({ mostTasks: 1 }, stop.signal);
      stop.abort(new Error("stopping"));
      await expect(stopped).rejects.toThrow("stopping");
      void submit(taskOf({ id: "t1" }));
      expect(idsOf(await take())).toEqual(["t1"]);
    });

    it.each(["before", "after"])("[BR10] a task can be cancelled %s it is taken", async (when) => {
      const task = taskOf({ id: "t1" });
      const outcome = submit(task);
      if (when === "before") await subject.broker.cancel(taskKey(task));
      const claim = await take();
      if (when === "after") await subject.broker.cancel(taskKey(task));
      await expect.poll(() => claim.tasks[0]?.cancelled.aborted).toBe(true);
      await finishAll(claim, completed("it was too late"));
      expect(await outcome).toEqual(completed("it was too late"));
    });

    it("[BR10] a task stays cancelled when it is given back", async () => {
      const task = taskOf({ id: "t1" });
      void submit(task);
      const first = await take();
      await subject.broker.cancel(taskKey(task));
      await subject.broker.release(first);
      const second = await take();
      await expect.poll(() => second.tasks[0]?.cancelled.aborted).toBe(true);
    });

    it("[BR10] cancelling reaches one task, and one that has ended stays as it ended", async () => {
      const [one, two] = [taskOf({ id: "t1" }), taskOf({ id: "t2" })];
      void submit(one);
      void submit(two);
      const claim = await take(2);
      await subject.broker.finish(claim, taskKey(one), completed("one"));
      await subject.broker.cancel(taskKey(one));
      expect(await follow(taskKey(one))).toEqual(completed("one"));
      expect(claim.tasks[1]?.cancelled.aborted).toBe(false);
    });
  });
}
