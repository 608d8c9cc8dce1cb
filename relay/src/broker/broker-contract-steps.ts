import type { PublicKey, TraceId } from "@circles/sdk/protocol";
import fc from "fast-check";
import { alice, bob, mallory } from "../../test/people.ts";
import type { Outcome, Task, TaskLane } from "../task.ts";
import { completed, REFUSED, taskOf } from "./broker-contract-tasks.ts";

/** By their names, so that what is printed when a test fails can be read. */
const PEOPLE = { alice, bob, mallory };
type Person = keyof typeof PEOPLE;
const person = fc.constantFrom<Person>("alice", "bob", "mallory");
/** More than there ever are: picks one of what there is when its turn comes. */
const pick = fc.nat(1_000);

const PLAYS = {
  short: { script: "1", args: "null" },
  long: { script: "22", args: "[[],{}]", timeoutMs: 500 },
  "with arguments": { script: "1", args: "[]" },
};
const play = fc.constantFrom<keyof typeof PLAYS>("short", "short", "short", "short", "long", "with arguments");
/** To what a subscriber asks. */
const ANSWERED: Outcome = { status: "answered", output: "{}" };
/** A broker looks at no deadline: some have passed long ago. */
const deadline = fc.constantFrom<number>(1, 2, 4e12);
const lane = fc.constantFrom<TaskLane | undefined>(undefined, undefined, "control", "events");
/** Of one that is not its circle's owner, `control` is no lane. */
const anyTask = fc.record({
  id: fc.constantFrom<string>("t1", "t2", "t3"),
  circle: person,
  caller: person,
  play,
  lane,
  deadline,
});
/** Which task is meant: this one, or if there is any, one without an end, one that was set aside, or one that ever was. */
const named = {
  task: anyTask,
  which: fc.constantFrom<"this" | "live" | "was aside" | "ever">("this", "live", "was aside", "was aside", "ever"),
  pick,
};
/** Within a lease, at its end, and more than it takes to forget what has ended; never just so long. */
const ms = fc.constantFrom(1_000, 4_000, 5_000, 600_500);
const after = fc.constantFrom(0, 0, 1, 2);
/** Some are over. */
const anyClaim = fc.record({ pick, isHeld: fc.constantFrom(true, true, true, false) });
/** Of the tasks of a claim, from one of them on. */
const someTasks = { claim: anyClaim, task: pick, most: fc.constantFrom<number>(1, 1, 1, 1_000) };
/** How many of the events before it a task that runs again says again. */
const again = fc.nat(2);

export const anyStep = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("submit" as const), task: anyTask, after }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      mostTasks: fc.constantFrom<number>(1, 2, 3, 30),
      circles: fc.option(fc.uniqueArray(person, { minLength: 1 }), { nil: undefined }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("finish" as const),
      ...someTasks,
      outcome: fc.constantFrom<Outcome>(completed("1"), completed("2"), REFUSED, ANSWERED),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("emit" as const), ...someTasks, again }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("set aside" as const), ...someTasks, again }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("resume" as const), ...named, deadline }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("release" as const), claim: anyClaim }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("follow" as const), ...named, after }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cancel" as const), ...named }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("find" as const), ...named }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("depth" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("abort" as const), wait: pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("listen" as const), circle: person }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("notify" as const), circle: person, count: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const) }) },
);
export type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never;

export type StepTask = Extract<Step, { do: "submit" }>["task"];

export function keyOf(name: Person): PublicKey {
  return PEOPLE[name].publicKey;
}

export function makeTask({ id, circle, caller, play, deadline, ...given }: StepTask): Task {
  const lane = given.lane === "control" && circle !== caller ? undefined : given.lane;
  const asked = lane === "events" ? { after: 7, again: true as const } : {};
  const trace = "0123456789abcdef".repeat(2) as TraceId;
  const { timeoutMs, ...texts } = { timeoutMs: undefined, ...PLAYS[play] };
  const task = taskOf({ id, circle: keyOf(circle), caller: keyOf(caller), ...texts });
  return { ...task, ...asked, deadline, timeoutMs, lane, trace, queuedAt: deadline - 1 };
}

/** More tasks of one caller at once than its lane, or what is set aside, has room for. */
const crowd = fc
  .record({
    from: fc.nat(50),
    count: fc.constantFrom(20, 30, 100, 220),
    caller: fc.constantFrom<Person>("alice", "alice", "bob"),
    lane: fc.constantFrom<TaskLane | undefined>("control", "control", undefined, "events"),
  })
  .map(({ from, count, ...given }) =>
    Array.from({ length: count }, (_, i): Step => {
      const task = { ...given, id: `c${from + i}`, circle: "alice" as const, play: "short" as const, deadline: 1 };
      return { do: "submit", task, after: 0 };
    }),
  );

const manyAside = fc.record({ claim: anyClaim, again }).map((given): Step[] => [
  { do: "take", mostTasks: 30, circles: undefined },
  { do: "set aside", ...given, task: 0, most: 1_000 },
]);

export const crowdedSteps = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: crowd },
      { weight: 1, arbitrary: manyAside },
      { weight: 4, arbitrary: anyStep.map((step) => [step]) },
    ),
    { minLength: 10, maxLength: 40, size: "max" },
  )
  .map((steps) => steps.flat());
