import { setMaxListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { type Outcome, taskKey } from "../task.ts";
import { type Claim, UnknownTask } from "./broker.ts";
import { BrokerModel } from "./broker-contract-model.ts";
import { completed, printed, REFUSED, taskOf } from "./broker-contract-tasks.ts";
import { MemoryBroker } from "./memory-broker.ts";

const CIRCLES = [alice.publicKey, bob.publicKey, mallory.publicKey];

const anyTask = fc
  .record({
    id: fc.constantFrom("t1", "t2", "t3"),
    circle: fc.constantFrom(...CIRCLES),
    caller: fc.constantFrom(alice.publicKey, bob.publicKey),
    script: fc.constantFrom("1", "1", "1", "2"),
  })
  .map(taskOf);
const after = fc.constantFrom(0, 0, 1, 2);
/** Picks one of what there is when its turn comes. */
const pick = fc.nat(1_000);

const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("submit" as const), task: anyTask, after }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      mostTasks: fc.integer({ min: 1, max: 3 }),
      circles: fc.option(fc.subarray(CIRCLES, { minLength: 1 }), { nil: undefined }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("finish" as const),
      claim: pick,
      task: pick,
      outcome: fc.constantFrom(completed("1"), completed("2"), REFUSED),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("emit" as const), claim: pick, task: pick, again: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), claim: pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("follow" as const), task: anyTask, after }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), task: anyTask }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("abort" as const), wait: pick }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never;

/** A broker and its model, led through the same steps. */
class SideBySide {
  readonly broker = new MemoryBroker();
  readonly #model = new BrokerModel();
  readonly #said: string[] = [];
  readonly #waits: AbortController[] = [];
  readonly #claims = new Map<number, Claim>();
  readonly #fences = new Map<string, number>();

  async step(step: Step): Promise<void> {
    await this.#do(step);
    await setImmediate(); // every promise that can settle has settled
    expect(this.#said.splice(0).toSorted()).toEqual(this.#model.said.splice(0).toSorted());
    for (const [number, { tasks }] of this.#claims) {
      expect(tasks.map(({ cancelled }) => cancelled.aborted)).toEqual(this.#model.cancelled(number));
    }
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case "submit": {
        const wait = this.#wait();
        this.#watch(wait.number, this.broker.submit(step.task, { after: step.after, ...wait.watch }, wait.signal));
        return this.#model.submit(wait.number, step.task, step.after);
      }
      case "follow": {
        const wait = this.#wait();
        const key = taskKey(step.task);
        this.#watch(wait.number, this.broker.follow(key, { after: step.after, ...wait.watch }, wait.signal));
        return this.#model.follow(wait.number, key, step.after);
      }
      case "take": {
        const { number, signal } = this.#wait();
        const options = { mostTasks: step.mostTasks, ...(step.circles ? { circles: new Set(step.circles) } : {}) };
        this.broker.take(options, signal).then(
          (claim) => this.#claimed(number, claim),
          () => this.#said.push(`${number}: aborted`),
        );
        return this.#model.take({ number, ...options });
      }
      case "abort": {
        const number = step.wait % Math.max(1, this.#waits.length);
        this.#waits[number]?.abort();
        return this.#model.abort(number);
      }
      case "cancel": {
        const known = await this.broker.cancel(taskKey(step.task)).then(
          () => true,
          () => false,
        );
        expect(known).toBe(this.#model.cancel(taskKey(step.task)));
        return;
      }
      default:
        return this.#withClaim(step);
    }
  }

  async #withClaim(step: Extract<Step, { do: "finish" | "emit" | "release" }>): Promise<void> {
    const [number, claim] = Array.from(this.#claims).at(step.claim % Math.max(1, this.#claims.size)) ?? [];
    if (number === undefined || !claim) return;
    if (step.do === "release") {
      await this.broker.release(claim);
      return this.#model.release(number);
    }
    const { key } = claim.tasks[step.task % claim.tasks.length] ?? expect.fail("a claim has tasks");
    if (step.do === "finish") {
      const changed = await this.broker.finish(claim, key, step.outcome);
      expect(changed).toBe(this.#model.finish(number, key, step.outcome));
      return;
    }
    const event = printed(Math.max(1, this.#model.nextEvent(number, key) - step.again));
    this.broker.emit(claim, key, event);
    this.#model.emit(number, key, event);
  }

  #wait() {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const number = this.#waits.push(controller) - 1;
    const watch = { onEvent: ({ seq }: { seq: number }) => void this.#said.push(`${number}: ${seq}`) };
    return { number, signal: controller.signal, watch };
  }

  #watch(number: number, outcome: Promise<Outcome>): void {
    outcome.then(
      ({ status }) => this.#said.push(`${number}: ${status}`),
      (error: Error & { code?: number }) => {
        const known = error instanceof UnknownTask ? error.name : (error.code ?? "");
        this.#said.push(`${number}: ${error.name === "AbortError" ? "aborted" : known}`);
      },
    );
  }

  #claimed(number: number, claim: Claim): void {
    expect(claim.fence).toBeGreaterThan(this.#fences.get(claim.circle) ?? 0);
    this.#fences.set(claim.circle, claim.fence);
    this.#claims.set(number, claim);
    this.#said.push(`${number}: ${claim.tasks.map(({ key }) => key).join()}`);
  }
}

describe("MemoryBroker", () => {
  it("[BR1] does what a slow and obvious model of the rules does, whatever is asked in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 150 }), async (steps) => {
        const both = new SideBySide();
        for (const step of steps) await both.step(step);
        await both.broker.close();
      }),
      { numRuns: 300 },
    );
  });
});
