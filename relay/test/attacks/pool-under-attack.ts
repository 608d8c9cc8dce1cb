import { afterAll, beforeAll, expect } from "vitest";
import { ThreadPool } from "../../src/sandbox/pool-node.ts";
import type { Limits, RunOptions, SandboxPlay, ScriptResult } from "../../src/sandbox/sandbox.ts";
import type { TypeStripper } from "../../src/sandbox/type-stripper.ts";
import type { Event } from "../../src/task.ts";

type Documents = Record<string, string>;

/** Its snapshot is the documents themselves. */
export const CONTRACT_THREAD = new URL("../../src/sandbox/sandbox-contract-thread.ts", import.meta.url);

/** Half of what is usual: bombs go off sooner. */
export const MEMORY_BYTES = 16 * 2 ** 20;

/** Long enough that a script which is ended within it ended by itself. */
const LONG_GRACE_MS = 5_000;

export type Attack = RunOptions & {
  readonly documents?: Documents;
  readonly circle?: string;
  readonly caller?: string;
};
type Attacked = ScriptResult & { readonly events: readonly Event[] };

type PoolUnderAttack = {
  readonly pool: () => ThreadPool<Documents>;
  /** Plays as mallory in alice's circle, if nothing else is said. */
  readonly play: (script: string, attack?: Attack) => Promise<Attacked>;
  /** Plays as mallory, then as bob, who must find everything in order. Resolves with what became of mallory's script. */
  readonly attack: (script: string, attack?: Attack) => Promise<Attacked>;
};

type PoolOptions = {
  /** What its threads run. The sandbox contract's, if left out. */
  readonly thread?: URL;
  readonly threads?: number;
  readonly graceMs?: number;
  readonly stripper?: TypeStripper;
  /** Mallory's limits, where a test says nothing else. */
  readonly limits?: Partial<Limits>;
};

/** A pool for the tests of one file. With one thread, bob's play follows mallory's in the same engine. */
export function poolUnderAttack({
  thread = CONTRACT_THREAD,
  threads = 1,
  graceMs = LONG_GRACE_MS,
  limits: usual = {},
  ...rest
}: PoolOptions = {}): PoolUnderAttack {
  let pool: ThreadPool<Documents>;
  beforeAll(async () => {
    pool = await ThreadPool.start<Documents>({ thread, threads, graceMs, ...rest });
  });
  afterAll(() => pool.close());

  const play = async (
    script: string,
    { documents = {}, circle = "alice", caller = "mallory", limits, ...options }: Attack = {},
  ) => {
    const events: Event[] = [];
    const result = await playAlone(
      pool,
      { circle, snapshot: documents },
      {
        script,
        args: "null",
        caller,
        authority: "",
        limits: { memoryBytes: MEMORY_BYTES, ...usual, ...limits },
        onEvent: (event) => events.push(event),
        ...options,
      },
    );
    return { ...result, events };
  };
  const attack = async (script: string, given?: Attack) => {
    const attacked = await play(script, given);
    await expectInnocentPlay(pool);
    return attacked;
  };
  return { pool: () => pool, play, attack };
}

const INNOCENT = `
  const { greeting } = data.get("greeting");
  data.set("answer", [greeting, ...["b", "a"].toSorted()].map((word) => word.replace(/o/g, "0")));
  print(CALLER_PUBLIC_KEY);
  JSON.stringify([await Promise.resolve(data.get("answer")), typeof left, Object.keys(globalThis)])`;

/** Bob's play: what it reads, writes, prints and returns is as if nobody had played before. */
async function expectInnocentPlay(pool: ThreadPool<Documents>): Promise<void> {
  const events: Event[] = [];
  const result = await playAlone(
    pool,
    { circle: "bob", snapshot: { greeting: '{"greeting":"hello"}' } },
    { script: INNOCENT, args: "null", caller: "bob", authority: "", onEvent: (event) => events.push(event) },
  );
  expect(result.end).toEqual({ kind: "value", format: "text", output: '[["hell0","a","b"],"undefined",[]]' });
  expect(result.writes).toEqual([{ path: "data/answer.json", content: { json: '["hell0","a","b"]' } }]);
  expect(events).toEqual([{ seq: 1, kind: "print", data: "bob" }]);
}

/** Runs a sequence of one play. */
async function playAlone(
  pool: ThreadPool<Documents>,
  where: { circle: string; snapshot: Documents },
  play: SandboxPlay & RunOptions,
): Promise<ScriptResult> {
  const [result] = await Promise.all(pool.run({ ...where, plays: [play] }));
  if (!result) throw new Error("sandbox: expected a result");
  return result;
}
