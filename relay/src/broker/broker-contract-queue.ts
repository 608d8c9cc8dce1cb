import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { type Event, makeTrace, type Task, type TaskKey, taskKey } from "../task.ts";
import { type BrokerLimits, UnknownTask } from "./broker.ts";
import { brokerUnderTest, idsOf, type MakeBroker } from "./broker-contract-subject.ts";
import { completed, printed, REFUSED, taskOf } from "./broker-contract-tasks.ts";

/** Who gets which task when: rules BR1–BR6 and BR11–BR13. */
export function queueContract(name: string, makeBroker: MakeBroker): void {
  describe(name, () => {
    const subject = brokerUnderTest(makeBroker);
    const { submit, follow, take, finishAll, takeAndFinish, replaceBy } = subject;

    it("[BR1] takes the tasks of a circle in the order in which they were submitted", async () => {
      const ids = Array.from({ length: 20 }, (_, i) => `t${i}`);
      for (const id of ids) void submit(taskOf({ id, caller: id.length > 2 ? bob.publicKey : alice.publicKey }));
      const taken: string[] = [];
      while (taken.length < ids.length) {
        const claim = await take(3);
        taken.push(...idsOf(claim));
        await finishAll(claim);
      }
      expect(taken).toEqual(ids);
    });

    it("[BR1] hands a task over with everything it was submitted with", async () => {
      const plain = taskOf({ id: "whole", caller: bob.publicKey, script: "'ß\\ud800'", args: '{"a":["\u2028"]}' });
      const task = { ...plain, trace: makeTrace(), queuedAt: Date.now() };
      void submit(task);
      const { circle, tasks } = await take();
      expect(circle).toBe(alice.publicKey);
      expect(tasks.map(({ task, key }) => ({ task, key }))).toEqual([{ task, key: taskKey(task) }]);
    });

    it("[BR2] gives at most as many tasks as asked for", async () => {
      for (const id of ["t1", "t2", "t3"]) void submit(taskOf({ id }));
      expect(idsOf(await take(2))).toEqual(["t1", "t2"]);
    });

    it("[BR2] gives nothing else of a circle until each task of its claim is finished", async () => {
      for (const id of ["t1", "t2", "t3"]) void submit(taskOf({ id }));
      const first = await take(2);
      const [one, two] = first.tasks.map(({ key }) => key);
      const next = take();
      void submit(taskOf({ id: "b1", circle: bob.publicKey }));
      expect(idsOf(await next)).toEqual(["b1"]); // alice's third was older
      const third = take();
      await subject.broker.finish(first, two as TaskKey, completed("2"));
      void submit(taskOf({ id: "m1", circle: mallory.publicKey }));
      expect(idsOf(await third)).toEqual(["m1"]);
      await subject.broker.finish(first, one as TaskKey, completed("1"));
      expect(idsOf(await take())).toEqual(["t3"]);
    });

    it("[BR2] a task that was refused and is sent again at once does not keep its claim from ending", async () => {
      const again = taskOf({ id: "again" });
      void submit(again);
      void submit(taskOf({ id: "other" }));
      const claim = await take(2);
      await subject.broker.finish(claim, taskKey(again), REFUSED);
      const outcome = submit(again);
      expect(await subject.broker.finish(claim, taskKey(again), completed("not yet"))).toBe(false);
      await subject.broker.finish(claim, taskKey(taskOf({ id: "other" })), completed("other"));
      await takeAndFinish(completed("second"));
      expect(await outcome).toEqual(completed("second"));
    });

    it("[BR3] serves circles in turn", async () => {
      for (const id of ["1", "2", "3"]) {
        for (const { publicKey } of [alice, bob]) void submit(taskOf({ id: `t${id}`, circle: publicKey }));
      }
      const turns: string[] = [];
      for (let i = 0; i < 6; i++) {
        const claim = await take();
        turns.push(claim.circle === alice.publicKey ? "alice" : "bob");
        await finishAll(claim);
      }
      expect(turns).toEqual(["alice", "bob", "alice", "bob", "alice", "bob"]);
    });

    it("[BR3] serves different circles at the same time", async () => {
      for (const { publicKey } of [alice, bob, mallory]) void submit(taskOf({ id: "t1", circle: publicKey }));
      const claims = [await take(), await take(), await take()];
      expect(claims.map(({ circle }) => circle)).toEqual([alice.publicKey, bob.publicKey, mallory.publicKey]);
    });

    it("[BR3] who waited first takes first", async () => {
      const waiting = [take(), take()];
      void submit(taskOf({ id: "a1" }));
      void submit(taskOf({ id: "b1", circle: bob.publicKey }));
      expect((await Promise.all(waiting)).map(({ circle }) => circle)).toEqual([alice.publicKey, bob.publicKey]);
    });

    it.each(["waits", "runs", "ended"])(
      "[BR4] a task submitted again while it %s is followed, not queued again",
      async (state) => {
        const task = taskOf({ id: "twice" });
        const waits = [submit(task)];
        const taken: string[] = [];
        const takeNext = async () => {
          const claim = await take();
          taken.push(...idsOf(claim));
          return claim;
        };
        const running = state === "waits" ? undefined : await takeNext();
        if (running && state === "ended") await finishAll(running);
        waits.push(submit(taskOf({ id: "twice" })));
        await expect(submit(taskOf({ id: "twice", script: "another" }))).rejects.toMatchObject({ code: -32009 });
        await expect(submit(taskOf({ id: "twice", args: "1" }))).rejects.toMatchObject({ code: -32009 });
        if (running && state === "runs") await finishAll(running);
        void submit(taskOf({ id: "after" }));
        while (!taken.includes("after")) await finishAll(await takeNext());
        expect(taken).toEqual(["twice", "after"]);
        expect(await Promise.all(waits)).toEqual([completed("done"), completed("done")]);
      },
    );

    it("[BR4] the same id of another caller or in another circle is another task", async () => {
      const tasks = [
        taskOf({ id: "same", script: "a" }),
        taskOf({ id: "same", script: "b", caller: bob.publicKey }),
        taskOf({ id: "same", script: "c", circle: bob.publicKey }),
      ];
      const outcomes = tasks.map((task) => submit(task));
      for (let i = 0; i < 3; i++) {
        const claim = await take();
        await finishAll(claim, completed(claim.tasks[0]?.task.script ?? ""));
      }
      expect(await Promise.all(outcomes)).toEqual([completed("a"), completed("b"), completed("c")]);
    });

    it("[BR5] keeps the first outcome when a task is finished twice", async () => {
      const task = taskOf({ id: "t1" });
      const outcome = submit(task);
      void submit(taskOf({ id: "t2" }));
      const claim = await take(2);
      expect(await subject.broker.finish(claim, taskKey(task), completed("first"))).toBe(true);
      expect(await subject.broker.finish(claim, taskKey(task), completed("second"))).toBe(false);
      expect(await outcome).toEqual(completed("first"));
      expect(await follow(taskKey(task))).toEqual(completed("first"));
    });

    it("[BR5] a claim that is over changes nothing", async () => {
      const task = taskOf({ id: "t1" });
      const events: Event[] = [];
      const outcome = submit(task, { onEvent: (event) => events.push(event) });
      const stale = await take();
      await subject.broker.release(stale);
      const claim = await take();
      subject.broker.emit(stale, taskKey(task), printed(1));
      expect(await subject.broker.finish(stale, taskKey(task), completed("stale"))).toBe(false);
      await subject.broker.release(stale);
      subject.broker.emit(claim, taskKey(task), printed(1));
      expect(await subject.broker.finish(claim, taskKey(task), completed("right"))).toBe(true);
      expect(await outcome).toEqual(completed("right"));
      expect(events).toEqual([printed(1)]);
    });

    it("[BR5] a claim does not reach tasks that it does not hold", async () => {
      const waiting = taskOf({ id: "waiting" });
      void submit(taskOf({ id: "t1" }));
      const outcome = submit(waiting);
      const claim = await take(1);
      expect(await subject.broker.finish(claim, taskKey(waiting), completed("too early"))).toBe(false);
      await finishAll(claim);
      await takeAndFinish(completed("in turn"));
      expect(await outcome).toEqual(completed("in turn"));
    });

    it("[BR6] gives back what is not finished to the head of the queue, in order, under a higher fence", async () => {
      for (const id of ["t1", "t2", "t3", "t4"]) void submit(taskOf({ id }));
      const claim = await take(3);
      await subject.broker.finish(claim, taskKey(taskOf({ id: "t2" })), completed("2"));
      await subject.broker.release(claim);
      const again = await take(9);
      expect(idsOf(again)).toEqual(["t1", "t3", "t4"]);
      expect(again.fence).toBeGreaterThan(claim.fence);
    });

    it("[BR6] fences rise from claim to claim, also when the circle was idle in between", async () => {
      const fences: number[] = [];
      for (let i = 0; i < 5; i++) {
        void submit(taskOf({ id: `t${i}` }));
        const claim = await take();
        fences.push(claim.fence);
        await finishAll(claim);
      }
      expect(new Set(fences).size).toBe(5);
      expect(fences).toEqual(fences.toSorted((a, b) => a - b));
    });

    it.each<[string, Partial<BrokerLimits>, Task]>([
      ["queued_per_circle", { mostPerCircle: 2 }, taskOf({ id: "t3", caller: bob.publicKey })],
      ["queued_per_caller", { mostPerCaller: 2 }, taskOf({ id: "t3", circle: bob.publicKey })],
      ["queued_characters_per_caller", { mostCharactersPerCaller: 12 }, taskOf({ id: "t3", script: "123" })],
      [
        "queued_characters",
        { mostCharacters: 12 },
        taskOf({ id: "t3", circle: bob.publicKey, caller: bob.publicKey, script: "123" }),
      ],
    ])("[BR11] beyond %s a task is refused, until there is room again", async (limit, limits, task) => {
      await replaceBy(limits);
      const first = submit(taskOf({ id: "t1" }));
      void submit(taskOf({ id: "t2" }));
      const [allowed] = Object.values(limits);
      const data = { limit, used: expect.any(Number), allowed, retry_after_ms: expect.any(Number) };
      await expect(submit(task)).rejects.toMatchObject({ name: "WireError", code: -32007, data });
      const followed = submit(taskOf({ id: "t1" })); // that costs no room
      await expect(follow(taskKey(task))).rejects.toThrow(UnknownTask);
      const claim = await take();
      await expect(submit(task)).rejects.toMatchObject({ code: -32007 }); // what runs counts too
      await finishAll(claim);
      expect(await Promise.all([first, followed])).toEqual([completed("done"), completed("done")]);
      const admitted = submit(task);
      await Promise.all([takeAndFinish(), takeAndFinish()]);
      expect(await admitted).toEqual(completed("done"));
    });

    it("[BR12] a worker that names circles takes tasks of no others", async () => {
      for (const { publicKey } of [alice, bob]) void submit(taskOf({ id: "t1", circle: publicKey }));
      expect((await take(1, [bob.publicKey])).circle).toBe(bob.publicKey);
      const waiting = take(1, [mallory.publicKey, bob.publicKey]);
      expect((await take()).circle).toBe(alice.publicKey);
      void submit(taskOf({ id: "m1", circle: mallory.publicKey }));
      expect((await waiting).circle).toBe(mallory.publicKey);
    });

    it("[BR13] closing ends every wait, and later ones at once", async () => {
      const task = taskOf({ id: "t1" });
      const waits = [submit(task), follow(taskKey(task)), take(1, [bob.publicKey])];
      void submit(taskOf({ id: "t2" }));
      const claim = await take();
      waits.push(submit(claim.tasks[0]?.task ?? task));
      await subject.broker.close();
      for (const wait of waits) await expect(wait).rejects.toThrow(/closed/);
      await expect(submit(taskOf({ id: "t3" }))).rejects.toThrow(/closed/);
      await expect(follow(taskKey(task))).rejects.toThrow(/closed/);
      await expect(take()).rejects.toThrow(/closed/);
      await subject.broker.close();
    });
  });
}
