import { setTimeout as wait } from "node:timers/promises";
import { generateKeypair, type PublicKey } from "@circles/sdk";
import { Namespaces } from "../../src/namespace/namespaces.ts";
import { Machines } from "./machines.ts";
import { PersistentCaller } from "./persistent-caller.ts";

/** What breaks in the middle of a round, and is mended. */
export const FAULTS = {
  "one worker after the other is killed": async (machines: Machines) => {
    for (const worker of machines.workers) {
      await machines.startWorker();
      await machines.killWorker(worker); // one after the other: one of them has most of the circles
    }
  },
  "Redis is killed": async (machines: Machines) => {
    await machines.redis.kill();
    await machines.redis.restart();
  },
  "Redis loses its last second": async (machines: Machines) => {
    const { path, bytes } = await machines.appended();
    await wait(1_000);
    await machines.redis.kill();
    await machines.cutAppended(path, bytes);
    await machines.redis.restart();
  },
  "one worker after the other is stopped for longer than its lease": async (machines: Machines) => {
    for (const { child } of machines.workers) {
      child.kill("SIGSTOP");
      await wait(7_000);
      child.kill("SIGCONT");
    }
  },
  "a worker's line to Redis is dead": async (machines: Machines) => {
    machines.line.isDead = true;
    await wait(7_000);
    machines.line.isDead = false;
  },
  "the gateway is killed": async (machines: Machines) => {
    await machines.killGateway();
    await machines.startGateway();
  },
} as const;
export type Fault = keyof typeof FAULTS;

export type Figures = { readonly plays: number; readonly longestPauseMs: number; readonly seconds: number };

/** Plays in many circles at once while something breaks, and checks afterwards what the circles' logs say. @throws what is wrong. */
export async function runRound(fault: Fault, { circles, plays }: { circles: number; plays: number }): Promise<Figures> {
  const machines = await Machines.start();
  try {
    const { url } = machines;
    const each = Math.ceil(plays / circles);
    const callers = Array.from(
      { length: circles },
      () => new PersistentCaller({ url, signer: generateKeypair(), plays: each }),
    );
    const start = performance.now();
    let [answered, last, longestPauseMs] = [0, start, 0];
    let reached = () => {};
    const underWay = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const onAnswer = () => {
      const now = performance.now();
      longestPauseMs = Math.max(longestPauseMs, now - last);
      last = now;
      answered += 1;
      if (answered >= 0.2 * each * circles) reached();
    };
    const all = Promise.all(callers.map((caller) => caller.run(onAnswer)));
    await Promise.race([underWay, all]);
    await FAULTS[fault](machines);
    await all;
    const seconds = (performance.now() - start) / 1_000;
    await machines.stop();
    await check(machines.dbPath, callers);
    return { plays: each * circles, longestPauseMs: Math.round(longestPauseMs), seconds: Math.round(seconds) };
  } catch (error) {
    throw new Error(`${(error as Error).message}; the machines said: ${machines.stderr()}`, { cause: error });
  } finally {
    await machines.stop();
    await machines.remove();
  }
}

/** Each play has one effect in its circle's log, in the order in which it was sent, and its caller the outcome of that. */
async function check(dbPath: string, callers: readonly PersistentCaller[]): Promise<void> {
  const lease = (Date.now() + 60_000) * 1_000; // after every worker
  const namespaces = new Namespaces({ dbPath, leaseOf: () => lease });
  try {
    for (const { signer, ids, answers } of callers) {
      const logged = await playsIn(namespaces, signer.publicKey);
      for (const [i, id] of ids.entries()) {
        const expected = `${id}: ${i + 1}`;
        if (logged[i] !== expected) throw new Error(`expected ${expected} in the log, got ${logged[i] ?? "nothing"}`);
        if (answers.get(id) !== i + 1) throw new Error(`expected the answer ${i + 1} of ${id}, got ${answers.get(id)}`);
      }
      if (logged.length !== ids.length)
        throw new Error(`expected ${ids.length} plays in the log, got ${logged.length}`);
    }
  } finally {
    await namespaces.close();
  }
}

async function playsIn(namespaces: Namespaces, circle: PublicKey): Promise<string[]> {
  return namespaces.with(circle, async (namespace) => {
    const plays: string[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page = await namespace.readRecords({ after, limit: 1_000 });
      for (const record of page.records) {
        if (!("task" in record)) continue;
        const { task, end } = record;
        plays.push(`${task}: ${end.status === "completed" ? end.output : end.status}`);
      }
      after = page.next;
    }
    return plays;
  });
}
