import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ThreadPool } from "./pool-node.ts";
import type { Sequence } from "./sandbox.ts";

const THREAD = new URL("../../test/asking-thread.ts", import.meta.url);
/** Long enough that a script which ended within it ended by itself. */
const GRACE_MS = 30_000;

type Play = Partial<Sequence<null>["plays"][number]> & { readonly script: string };

describe("a thread and its pool, while a script runs,", () => {
  let pool: ThreadPool<null>;
  beforeEach(async () => {
    pool = await ThreadPool.start<null>({ thread: THREAD, threads: 1, graceMs: GRACE_MS });
  });
  afterEach(() => pool.close());

  const run = (plays: readonly Play[], answer?: (question: unknown) => unknown, circle = "alice") =>
    pool.run({
      circle,
      snapshot: null,
      ...(answer ? { answer } : {}),
      plays: plays.map((play) => ({ args: "null", caller: "bob", authority: "", ...play })),
    });

  it("[SB30] a question is answered while the script waits, each with its own answer, at once or later", async () => {
    const questions: unknown[] = [];
    const answer = async (question: unknown) => {
      questions.push(question);
      if (questions.length % 2 === 0) await new Promise(setImmediate);
      return { n: questions.length, text: "x".repeat(100_000) };
    };
    const [first, second] = run(
      [{ script: "[1, 2, 3].map((after) => log.read({ after }).n)" }, { script: "log.read({}).n" }],
      answer,
    );
    expect((await first)?.end).toMatchObject({ output: "[1,2,3]" });
    expect((await second)?.end).toMatchObject({ output: "4" });
    expect(questions).toEqual([
      ["log.read", { after: 1 }],
      ["log.read", { after: 2 }],
      ["log.read", { after: 3 }],
      ["log.read", {}],
    ]);
  });

  it("[SB30] a question that cannot be answered fails the plays, not the script, and the thread goes on", async () => {
    const answer = () => {
      throw new Error("the disk is gone");
    };
    const results = run([{ script: "try { log.read() } catch {} 1" }, { script: "2" }], answer);
    for (const result of results) await expect(result).rejects.toThrow(/a thread failed/);
    const [next] = run([{ script: "3" }]);
    expect((await next)?.end).toMatchObject({ output: "3" });
    const [nobody] = run([{ script: "log.read()" }]);
    await expect(nobody).rejects.toThrow(/a thread failed/);
  });

  it("[SB30] a question that is never answered ends with the play's time, or when it is cancelled; late answers are nobody's", async () => {
    const late: (() => void)[] = [];
    const answer = (question: unknown) => new Promise((resolve) => late.push(() => resolve(question)));
    const [timed] = run([{ script: "log.read()", limits: { wallMs: 50 } }], answer);
    expect((await timed)?.end).toMatchObject({ kind: "limit", limit: "wall_ms" });
    const stop = new AbortController();
    const [cancelled] = run([{ script: "log.read()", signal: stop.signal }], answer);
    await expect.poll(() => late.length).toBe(2);
    stop.abort();
    expect((await cancelled)?.end).toEqual({ kind: "cancelled" });
    for (const tell of late) tell();
    const [next] = run([{ script: "log.read({ after: 7 }).after" }], (question) => (question as unknown[])[1]);
    expect((await next)?.end).toMatchObject({ output: "7" });
  });

  it("[SB31] an authority that is taken away while a script runs stops its next host call; those in line have none either", async () => {
    const events: unknown[] = [];
    const held = JSON.stringify(["read:a"]);
    const loop = { script: "print('running'); for (;;) data.get('a')", limits: { cpuMs: GRACE_MS, wallMs: GRACE_MS } };
    const [running, behind] = run([
      { ...loop, authority: held, onEvent: (event) => events.push(event) },
      { script: "data.get('a')", authority: held },
    ]);
    const [queued] = run([{ script: "data.get('a')", authority: held }]);
    const [elsewhere] = run([{ script: "data.get('a')", authority: held }], undefined, "bob");
    const [owners] = run([{ script: "data.get('a')", caller: "alice" }]);
    await expect.poll(() => events.length).toBe(1);
    pool.reauthorize("alice", ({ caller }) => (caller === "alice" ? "" : "[]"));
    const denied = { kind: "denied", capability: "read:a" };
    expect((await running)?.end).toEqual(denied);
    expect((await running)?.used).toEqual(["read:a"]);
    expect((await behind)?.end).toEqual(denied);
    expect((await queued)?.end).toEqual(denied);
    expect((await elsewhere)?.end).toMatchObject({ output: "1" });
    expect((await owners)?.end).toMatchObject({ output: "1" });
  });

  it("[SB31] what is given while a script runs it has from its next host call on", async () => {
    const events: unknown[] = [];
    const script = `
      print('running');
      for (;;) if (data.delete('b') !== undefined) break;
      'may read'`;
    const authority = JSON.stringify(["write:b"]);
    const limits = { cpuMs: GRACE_MS, wallMs: GRACE_MS, storageBytes: 2 ** 30 };
    const [running] = run([{ script, authority, limits, onEvent: (event) => events.push(event) }]);
    await expect.poll(() => events.length).toBe(1);
    pool.reauthorize("alice", () => JSON.stringify(["write:b", "read:b"]));
    expect((await running)?.end).toMatchObject({ output: "may read" });
  });
});
