import type { PublicKey } from "@circles/sdk/protocol";
import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { APPROVED, type Event, makeTrace, type Task, type TaskKey, taskKey } from "../task.ts";
import { type BrokerLimits, type Notice, UnknownTask } from "./broker.ts";
import { brokerUnderTest, idsOf, type MakeBroker } from "./broker-contract-subject.ts";
import { completed, printed, taskOf, waiting } from "./broker-contract-tasks.ts";
import { GAP_TOPIC } from "./topic-notices.ts";

/** What is for owners: a lane of their own, plays that wait for them, notices. Rules BR16–BR19. */
export function lanesContract(name: string, makeBroker: MakeBroker): void {
  describe(name, () => {
    const subject = brokerUnderTest(makeBroker);
    const { submit, follow, take, finishAll, takeAndFinish, replaceBy } = subject;
    const control = (id: string) => ({ ...taskOf({ id }), lane: "control" as const });

    it.each(["control", "events"] as const)(
      "[BR16] the lane %s of a circle has its own queue and claim, and keeps no other waiting",
      async (lane) => {
        for (const id of ["t1", "t2"]) void submit(taskOf({ id }));
        const ordinary = await take();
        for (const id of ["c1", "c2"]) void submit({ ...taskOf({ id }), lane });
        const first = await take(1, [alice.publicKey]);
        expect([idsOf(ordinary), ordinary.lane, idsOf(first), first.lane]).toEqual([["t1"], undefined, ["c1"], lane]);
        expect(first.fence).toBeGreaterThan(ordinary.fence);
        await finishAll(ordinary);
        expect(idsOf(await take())).toEqual(["t2"]); // c2 waits for c1
        await finishAll(first);
        expect(idsOf(await take())).toEqual(["c2"]);
      },
    );

    it("[BR16] what a subscriber asks comes as it was asked, is answered, and can be asked again under its id", async () => {
      const asking = { ...taskOf({ id: "e1" }), lane: "events" as const, after: 7, again: true as const };
      const fromNow = { ...taskOf({ id: "e2" }), lane: "events" as const };
      for (let i = 0; i < 2; i++) {
        const outcomes = [submit(asking), submit(fromNow)];
        const claim = await take(2);
        expect(claim.tasks.map(({ task: { lane, after, again } }) => ({ lane, after, again }))).toEqual([
          { lane: "events", after: 7, again: true },
          { lane: "events", after: undefined, again: undefined },
        ]);
        await finishAll(claim, { status: "answered", output: "{}" });
        expect(await Promise.all(outcomes)).toEqual([1, 2].map(() => ({ status: "answered", output: "{}" })));
      }
      await expect(follow(taskKey(asking))).rejects.toThrow(UnknownTask);
    });

    it("[BR16] finishing under a claim of one lane changes nothing in the other", async () => {
      const [task, other] = [taskOf({ id: "t1" }), control("c1")];
      void submit(task);
      void submit(other);
      const [ordinary, owners] = [await take(), await take()];
      expect(await subject.broker.finish(ordinary, taskKey(other), completed("no"))).toBe(false);
      expect(await subject.broker.finish(owners, taskKey(task), completed("no"))).toBe(false);
      await finishAll(ordinary);
      await finishAll(owners);
    });

    it("[BR11] a full ordinary lane keeps no owner out, and the control lane has bounds of its own", async () => {
      await replaceBy({ mostPerCircle: 1 });
      void submit(taskOf({ id: "t1", caller: bob.publicKey }));
      await expect(submit(taskOf({ id: "t2", caller: bob.publicKey }))).rejects.toMatchObject({ code: -32007 });
      for (let i = 0; i < 200; i++) void submit(control(`c${i}`));
      const full = { data: { limit: "queued_per_circle", allowed: 200 } };
      await expect(submit(control("more"))).rejects.toMatchObject(full);
    });

    it("[BR17] a task that is set aside leaves its claim, and all who follow it hear why, those who come later too", async () => {
      const task = taskOf({ id: "t1" });
      const heard: string[] = [];
      const hear = (who: string) => ({ onEvent: ({ seq, kind }: Event) => heard.push(`${who}: ${seq} ${kind}`) });
      void submit(task, hear("first"));
      void submit(taskOf({ id: "t2" }));
      const claim = await take(2);
      subject.broker.emit(claim, taskKey(task), printed(1));
      expect(await subject.broker.setAside(claim, taskKey(task), waiting(2))).toBe(true);
      void submit(task, hear("again"));
      void follow(taskKey(task), { ...hear("late"), after: 1 });
      const each = ["first: 1 print", "first: 2 waiting", "again: 1 print", "again: 2 waiting", "late: 2 waiting"];
      await expect.poll(() => heard.toSorted()).toEqual(each.toSorted());
      expect(await subject.broker.finish(claim, taskKey(task), completed("no"))).toBe(false);
      expect(await subject.broker.finish(claim, claim.tasks[1]?.key as TaskKey, completed("t2"))).toBe(true);
      void submit(taskOf({ id: "t3" }));
      expect(idsOf(await take())).toEqual(["t3"]); // the claim was over with its last task
      expect(await subject.broker.setAside(claim, taskKey(task), waiting(3))).toBe(false);
    });

    it("[BR17] its followers hear why also when an earlier run of it said more", async () => {
      const task = taskOf({ id: "t1" });
      const heard: Event[] = [];
      const outcome = submit(task, { onEvent: (event) => heard.push(event) });
      const first = await take();
      for (const seq of [1, 2]) subject.broker.emit(first, taskKey(task), printed(seq));
      await subject.broker.release(first);
      const second = await take();
      subject.broker.emit(second, taskKey(task), printed(1));
      expect(await subject.broker.setAside(second, taskKey(task), waiting(2))).toBe(true);
      await subject.broker.resume(task);
      const third = await take();
      expect(third.tasks[0]?.said).toBe(3);
      subject.broker.emit(third, taskKey(task), printed(4));
      await finishAll(third);
      await outcome;
      expect(heard).toEqual([printed(1), printed(2), waiting(3), printed(4)]);
    });

    it("[BR17] at most 20 of a caller are set aside in a circle", async () => {
      const tasks = Array.from({ length: 21 }, (_, i) => taskOf({ id: `t${i}`, caller: bob.publicKey }));
      for (const task of [...tasks, taskOf({ id: "m", caller: mallory.publicKey })]) void submit(task);
      const claim = await take(30);
      const setAside: boolean[] = [];
      for (const { key } of claim.tasks) setAside.push(await subject.broker.setAside(claim, key, waiting(1)));
      expect(setAside.filter((done) => !done)).toHaveLength(1);
      expect([setAside[20], setAside[21]]).toEqual([false, true]);
    });

    it("[BR17] at most 1,000 of a circle are set aside, until one of them is not any more", async () => {
      const callerNumbered = (i: number) => `02${i.toString(16).padStart(64, "0")}` as PublicKey;
      const tasks = Array.from({ length: 1_001 }, (_, i) => taskOf({ id: `t${i}`, caller: callerNumbered(i % 60) }));
      for (const task of tasks) void submit(task);
      const claim = await take(tasks.length);
      const setAside = (task: Task) => subject.broker.setAside(claim, taskKey(task), waiting(1));
      const last = tasks.pop() as Task;
      expect(await Promise.all(tasks.map(setAside))).toEqual(tasks.map(() => true));
      expect(await setAside(last)).toBe(false);
      await subject.broker.resume(tasks[0] as Task);
      expect(await setAside(last)).toBe(true);
    });

    it.each<Partial<BrokerLimits>>([
      { mostPerCircle: 2 },
      { mostPerCaller: 2 },
      { mostCharactersPerCaller: 12 },
      { mostCharacters: 12 },
    ])("[BR17] what is set aside leaves its room to others, and finds room when it is resumed: %j", async (limits) => {
      await replaceBy(limits);
      const tasks = ["t1", "t2", "t3", "t4"].map((id) => taskOf({ id }));
      const [first, , third, fourth] = tasks as [Task, Task, Task, Task];
      const outcomes = tasks.slice(0, 2).map((task) => submit(task));
      await expect(submit(third)).rejects.toMatchObject({ code: -32007 });
      const claim = await take();
      await subject.broker.setAside(claim, taskKey(first), waiting(1));
      outcomes.push(submit(third));
      await subject.broker.resume(first);
      await expect(submit(fourth)).rejects.toMatchObject({ code: -32007 });
      await takeAndFinish(); // three were in line
      await expect(submit(fourth)).rejects.toMatchObject({ code: -32007 });
      await takeAndFinish();
      outcomes.push(submit(fourth));
      await takeAndFinish();
      await takeAndFinish();
      expect(await Promise.all(outcomes)).toEqual(tasks.map(() => completed("done")));
    });

    it("[BR18] a task that is resumed is at the end of its lane, as it now is, with its followers and its numbers", async () => {
      const task = taskOf({ id: "t1" });
      const trace = makeTrace();
      const heard: number[] = [];
      const outcome = submit({ ...task, trace, queuedAt: 7 }, { onEvent: ({ seq }) => heard.push(seq) });
      const claim = await take();
      subject.broker.emit(claim, taskKey(task), printed(1));
      await subject.broker.setAside(claim, taskKey(task), waiting(2));
      void submit(taskOf({ id: "t2" }));
      await subject.broker.resume({ ...task, proof: APPROVED, deadline: 5 });
      await subject.broker.resume(task); // it is in line already
      await takeAndFinish(completed("t2"));
      const again = await take(10);
      expect(
        again.tasks.map(({ task: { id, proof, deadline, script }, said }) => ({ id, proof, deadline, script, said })),
      ).toEqual([{ id: "t1", proof: APPROVED, deadline: 5, script: task.script, said: 2 }]);
      expect(again.tasks[0]?.task).toMatchObject({ trace, queuedAt: 7 });
      subject.broker.emit(again, taskKey(task), printed(3));
      await finishAll(again, completed("ended"));
      expect(await outcome).toMatchObject({ output: "ended" });
      expect(heard).toEqual([1, 2, 3]);
      await subject.broker.resume(task); // it has ended
      void submit(taskOf({ id: "t3" }));
      expect(idsOf(await take(10))).toEqual(["t3"]);
    });

    it("[BR18] a task that nobody knows is queued when it is resumed", async () => {
      const task = taskOf({ id: "t1" });
      await subject.broker.resume(task);
      const outcome = follow(taskKey(task));
      const claim = await take();
      expect(claim.tasks[0]?.task.trace).toMatch(/^[0-9a-f]{32}$/);
      await finishAll(claim, completed("ended"));
      expect(await outcome).toMatchObject({ output: "ended" });
    });

    it("[BR18] cancelling a task that is set aside puts it back in line, cancelled; so does a cancel just before", async () => {
      const [late, early] = [taskOf({ id: "t1" }), taskOf({ id: "t2" })];
      for (const task of [late, early]) void submit(task);
      const claim = await take(2);
      await subject.broker.setAside(claim, taskKey(late), waiting(1));
      await subject.broker.cancel(taskKey(late));
      await subject.broker.cancel(taskKey(early));
      await subject.broker.setAside(claim, taskKey(early), waiting(1));
      const again = await take(2);
      expect(idsOf(again)).toEqual(["t1", "t2"]);
      expect(again.tasks.map(({ cancelled }) => cancelled.aborted)).toEqual([true, true]);
    });

    it("[BR19] notices reach those who listen to the circle now, in order, until they stop", async () => {
      const heard: string[] = [];
      const stop = new AbortController();
      const hear =
        (who: string) =>
        ({ topic, data }: Notice) => {
          if (topic !== GAP_TOPIC) heard.push(`${who}: ${String(data)}`);
        };
      const notify = (data: number) => subject.broker.notify(alice.publicKey, { topic: "$inbox", data });
      notify(0);
      subject.broker.listen(alice.publicKey, hear("a"), stop.signal);
      subject.broker.listen(alice.publicKey, hear("b"), AbortSignal.timeout(60_000));
      subject.broker.listen(bob.publicKey, hear("bob"), AbortSignal.timeout(60_000));
      notify(1);
      notify(2);
      await expect.poll(() => heard).toEqual(["a: 1", "b: 1", "a: 2", "b: 2"]);
      stop.abort();
      notify(3);
      await expect.poll(() => heard.slice(4)).toEqual(["b: 3"]);
    });

    it("[BR19] one who listens and fails harms no other", async () => {
      const heard: unknown[] = [];
      const fail = () => {
        throw new Error("on purpose");
      };
      const hear = ({ topic, data }: Notice) => {
        if (topic !== GAP_TOPIC) heard.push(data);
      };
      subject.broker.listen(alice.publicKey, fail, AbortSignal.timeout(60_000));
      subject.broker.listen(alice.publicKey, hear, AbortSignal.timeout(60_000));
      subject.broker.notify(alice.publicKey, { topic: "$inbox", data: 1 });
      await expect.poll(() => heard).toEqual([1]);
    });
  });
}
