import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { taskKey } from "../task.ts";
import { type BrokerLimits, UnknownTask } from "./broker.ts";
import { LedBroker, type Processes } from "./broker-contract-led.ts";
import { SideBySide, type SideBySideOptions } from "./broker-contract-side-by-side.ts";
import { anyStep, crowdedSteps, type Step } from "./broker-contract-steps.ts";
import { completed, printed, taskOf } from "./broker-contract-tasks.ts";
import { DEFAULT_LIMITS } from "./room.ts";

export const FEW_TASKS: BrokerLimits = { ...DEFAULT_LIMITS, mostPerCircle: 2, mostPerCaller: 4 };
const LITTLE_TEXT: BrokerLimits = { ...DEFAULT_LIMITS, mostCharactersPerCaller: 12, mostCharacters: 18 };
/** How long a shorter order that fails is looked for, so that what failed is told before a test's own time is over. */
const MOST_SHRINKING_MS = 20_000;

export type AnyOrderOptions = Pick<SideBySideOptions, "patienceMs"> & {
  readonly makeProcesses: (limits: BrokerLimits) => Promise<Processes>;
  /** How many orders are tried. */
  readonly runs: number;
};

/** Rules BR1–BR12 and BR15–BR20, whatever is asked in whatever order. */
export function anyOrderContract(name: string, { makeProcesses, runs, ...options }: AnyOrderOptions): void {
  const steps = fc.array(anyStep, { minLength: 10, maxLength: 150, size: "max" });
  // A task that was cancelled while it was set aside may have no text any more, or still have it.
  const withoutCancel = steps.map((steps) => steps.filter((step) => step.do !== "cancel"));

  const expectAgreement = (steps: fc.Arbitrary<Step[]>, limits: BrokerLimits, numRuns: number) =>
    expectOfAll(steps, numRuns, async (steps) => {
      await playSteps(steps, { ...options, limits, processes: [await makeProcesses(limits)] });
    });

  describe(name, () => {
    it("[BR1] does what a slow and obvious model of the rules does, whatever is asked in whatever order", async () => {
      await expectAgreement(steps, DEFAULT_LIMITS, runs);
    });

    it("[BR11] refuses what the model refuses where there is room for few tasks, in each lane by itself", async () => {
      await expectAgreement(steps, FEW_TASKS, runs);
    });

    it("[BR11] refuses what the model refuses where there is room for little text", async () => {
      await expectAgreement(withoutCancel, LITTLE_TEXT, Math.ceil(runs / 3));
    });

    it("[BR17] agrees with the model on crowds: what a control lane holds, and what is set aside", async () => {
      await expectAgreement(crowdedSteps, DEFAULT_LIMITS, Math.ceil(runs / 12));
    });

    it("[BR8] keeps what a task said for ten minutes after its end, and then knows nothing of it", async () => {
      const processes = await makeProcesses(DEFAULT_LIMITS);
      const { worker } = processes;
      const [gateway, other] = [processes.gateways[0], processes.gateways.at(-1)];
      if (!gateway || !other) throw new Error("broker: expected gateways");
      const { signal } = new AbortController();
      const play = async (id: string, ...numbers: number[]) => {
        const task = taskOf({ id });
        const outcome = gateway.submit(task, {}, signal);
        const claim = await worker.take({ mostTasks: 1 }, signal);
        for (const seq of numbers) worker.emit(claim, taskKey(task), printed(seq));
        expect(await worker.finish(claim, taskKey(task), completed("done"))).toBe(true);
        expect(await outcome).toEqual(completed("done"));
        return taskKey(task);
      };
      const key = await play("t1", 1, 2, 3);
      processes.pass?.(599_000);
      await play("t2"); // when one ends, others are forgotten
      const seen: number[] = [];
      const follow = () => other.follow(key, { after: 1, onEvent: ({ seq }) => seen.push(seq) }, signal);
      expect(await follow()).toEqual(completed("done"));
      expect(seen).toEqual([2, 3]);
      processes.pass?.(2_000);
      await play("t3");
      if (processes.pass) await expect(follow()).rejects.toThrow(UnknownTask);
      await processes.close();
    });
  });
}

/** Rejects with what is the shortest that fails, or was after a while of looking for it. */
export async function expectOfAll<T>(all: fc.Arbitrary<T>, numRuns: number, play: (one: T) => Promise<void>) {
  let giveUp = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(all, async (one) => {
    if (Date.now() > giveUp) return;
    await play(one).catch((error: unknown) => {
      giveUp = Math.min(giveUp, Date.now() + MOST_SHRINKING_MS);
      throw error;
    });
  });
  await fc.assert(property, { numRuns });
}

type Played = Omit<SideBySideOptions, "brokers"> & { readonly processes: readonly Processes[] };

/** Leads a broker or several through these steps, and closes them. Answers how many operations each carried out. */
export async function playSteps(steps: readonly Step[], { processes, ...options }: Played): Promise<number> {
  try {
    const sides = new SideBySide({ ...options, brokers: processes.map((one) => new LedBroker(one)) });
    for (const step of steps) await sides.step(step);
    await sides.end();
    return sides.operations;
  } finally {
    for (const one of processes) await one.close();
  }
}
