import { setImmediate } from "node:timers/promises";
import { expect } from "vitest";
import { APPROVED, isSamePlay, type Task, taskKey } from "../task.ts";
import type { LedBroker } from "./broker-contract-led.ts";
import { BrokerModel, type ModelOptions } from "./broker-contract-model.ts";
import { keyOf, makeTask, type Step } from "./broker-contract-steps.ts";
import { completed, printed, waiting } from "./broker-contract-tasks.ts";
import type { Said } from "./broker-contract-words.ts";

export type SideBySideOptions = Pick<ModelOptions, "limits"> & {
  /** One or more, with one clock. Those without leases give back what those with leases lose. */
  readonly brokers: readonly LedBroker[];
  /** How long a broker may take to say what its model says at once. Only a test that fails waits for so long. */
  readonly patienceMs: number;
};

type StepWithClaim = Extract<Step, { do: "finish" | "emit" | "set aside" | "release" }>;
type NamesTask = Extract<Step, { do: "follow" | "cancel" | "resume" | "find" }>;

/** Brokers and their model, led through the same steps. */
export class SideBySide {
  readonly #brokers: readonly LedBroker[];
  readonly #patienceMs: number;
  readonly #model: BrokerModel;
  readonly #wereAside: Task[] = [];
  #numbers = 0;
  #notices = 0;
  #operations = 0;

  constructor({ brokers, patienceMs, limits }: SideBySideOptions) {
    this.#brokers = brokers;
    this.#patienceMs = patienceMs;
    this.#model = new BrokerModel({ limits, leaseMs: brokers.find(({ hasLeases }) => hasLeases)?.leaseMs });
  }

  /** How many calls each side was asked for. */
  get operations(): number {
    return this.#operations;
  }

  async step(step: Step): Promise<void> {
    await this.#do(step);
    await this.#agree();
  }

  /** Brings every task to its end, so that no side has anything left that the others have not. */
  async end(): Promise<void> {
    for (const task of this.#model.aside()) {
      await this.#ask((side) => side.cancel(taskKey(task)));
      await this.#agree();
    }
    const claim = { pick: 0, isHeld: true };
    while (this.#model.claims().size + this.#model.waiting > 0) {
      if (this.#model.claims().size === 0) await this.step({ do: "take", mostTasks: 1_000, circles: undefined });
      else await this.step({ do: "finish", claim, task: 0, most: 1_000, outcome: completed("end") });
    }
  }

  /** Every side answers the same. */
  async #ask<T>(question: (side: BrokerModel | LedBroker) => T | Promise<T>): Promise<T> {
    this.#operations += 1;
    const answer = await question(this.#model);
    for (const broker of this.#brokers) expect(await question(broker)).toEqual(answer);
    return answer;
  }

  /** What a broker says beyond its model, or too late, makes a later step fail. */
  async #agree(): Promise<void> {
    const said = inOrder(this.#model.said.splice(0));
    for (const broker of this.#brokers) {
      const model = {
        said,
        held: this.#model.held(broker).toSorted(),
        lost: broker.hasLeases ? this.#model.lost() : [],
      };
      await broker.settle();
      const claims = this.#model.claims();
      const known = () => {
        const isTaken = Array.from(claims.keys()).every((number) => broker.hasClaim(number));
        return { said: inOrder(broker.said), held: isTaken ? broker.held(claims).toSorted() : [], lost: broker.lost() };
      };
      const isLate = () => {
        const { said, held } = known();
        return said.length < model.said.length || held.join() !== model.held.join();
      };
      const giveUp = process.hrtime.bigint() + BigInt(this.#patienceMs) * 1_000_000n;
      while (isLate() && process.hrtime.bigint() < giveUp) await setImmediate();
      expect(known()).toEqual(model);
      broker.said.splice(0);
    }
  }

  async #do(step: Step): Promise<unknown> {
    switch (step.do) {
      case "submit": {
        const number = this.#numbers++;
        return this.#ask((side) => side.submit(number, makeTask(step.task), step.after));
      }
      case "follow": {
        const number = this.#numbers++;
        const key = taskKey(this.#named(step));
        return this.#ask((side) => side.follow(number, key, step.after));
      }
      case "take": {
        const number = this.#numbers++;
        const circles = step.circles && { circles: new Set(step.circles.map(keyOf)) };
        const options = { mostTasks: this.#most(step.mostTasks), ...circles };
        return this.#ask((side) => side.take(number, options));
      }
      case "abort": {
        const number = pickFrom(this.#model.waits(), step.wait);
        if (number === undefined) return;
        return this.#ask((side) => side.abort(number));
      }
      case "resume": {
        const task = this.#resumed({ ...this.#named(step), deadline: step.deadline, proof: APPROVED });
        return task && this.#ask((side) => side.resume(task));
      }
      case "cancel": {
        const key = taskKey(this.#named(step));
        return this.#ask((side) => side.cancel(key));
      }
      case "find": {
        const { circle, id } = this.#named(step);
        return this.#ask((side) => side.find(circle, id));
      }
      case "depth":
        return this.#ask((side) => side.depth());
      case "listen": {
        const number = this.#numbers++;
        return this.#ask((side) => side.listen(number, keyOf(step.circle)));
      }
      case "notify": {
        for (let i = 0; i < step.count; i++) {
          const notice = { topic: "$inbox", data: ++this.#notices };
          await this.#ask((side) => side.notify(keyOf(step.circle), notice));
          await this.#agree();
        }
        return;
      }
      case "pass":
        return this.#pass(step.ms);
      case "leave":
        return this.#leave();
      default:
        return this.#withClaim(step);
    }
  }

  async #withClaim(step: StepWithClaim): Promise<void> {
    const taken = this.#model.taken();
    const number = pickFrom(step.claim.isHeld ? this.#model.claims().keys() : taken.keys(), step.claim.pick);
    if (number === undefined) return;
    if (step.do === "release") return this.#ask((side) => side.release(number));
    const tasks = taken.get(number) ?? [];
    const first = step.task % tasks.length;
    for (const task of tasks.slice(first, first + step.most)) {
      const key = taskKey(task);
      if (step.do === "finish") {
        await this.#ask((side) => side.finish(number, key, step.outcome));
        continue;
      }
      const seq = Math.max(1, this.#model.nextEvent(number, key) - step.again);
      if (step.do === "emit") await this.#ask((side) => side.emit(number, key, printed(seq)));
      else if (await this.#ask((side) => side.setAside(number, key, waiting(seq)))) this.#wereAside.push(task);
    }
  }

  async #pass(ms: number): Promise<void> {
    if (!this.#brokers.every(({ hasClock }) => hasClock)) return;
    const lost = this.#model.endsClaims(ms) ? [...this.#model.claims().keys()] : [];
    if (lost.length > 0) await this.#abortTakers();
    await this.#ask((side) => side.pass(ms, lost));
    if (lost.length > 0) await this.#census();
  }

  async #leave(): Promise<void> {
    const held = [...this.#model.claims().keys()];
    await this.#abortTakers();
    await this.#ask((side) => side.leave(held));
    if (held.length > 0) await this.#census();
  }

  async #abortTakers(): Promise<void> {
    for (const number of this.#model.takers()) await this.#ask((side) => side.abort(number));
    await this.#agree();
  }

  /** In which order lines come back that a worker leaves behind, is left open. */
  async #census(): Promise<void> {
    await this.#agree();
    const lanes = this.#model.lanesInLine().length;
    const mostTasks = this.#most(30);
    await this.#ask((side) => side.census(mostTasks, lanes));
  }

  /** A broker without leases knows of no task that has to run alone: one at a time is the same for all. */
  #most(mostTasks: number): number {
    return this.#model.hasSuspects && this.#brokers.some(({ hasLeases }) => !hasLeases) ? 1 : mostTasks;
  }

  /** Nothing where the rules do not say what happens: a task is resumed as the same play, in its lane. */
  #resumed(task: Task): Task | undefined {
    const known = this.#model.known(taskKey(task));
    if (!known) return task;
    if (!isSamePlay(known.hashes, task.hashes) || known.lane !== task.lane) return undefined;
    return { ...task, trace: undefined, queuedAt: undefined }; // who resumes it does not know that any more
  }

  #named({ task, which, pick }: NamesTask): Task {
    const [live, ever] = [this.#model.live(), this.#model.ever()];
    const others = { this: [], live, "was aside": this.#wereAside, ever };
    return pickFrom(others[which], pick) ?? makeTask(task);
  }
}

function pickFrom<T>(all: Iterable<T>, pick: number): T | undefined {
  const list = Array.from(all);
  return list[pick % Math.max(1, list.length)];
}

/** Only what one hears has an order. */
function inOrder(said: readonly Said[]): Said[] {
  return said.toSorted((a, b) => a.number - b.number);
}
