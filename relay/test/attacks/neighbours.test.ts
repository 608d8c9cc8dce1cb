import { describe, expect, it } from "vitest";
import { ThreadPool } from "../../src/sandbox/pool-node.ts";
import type { RunOptions, ScriptResult } from "../../src/sandbox/sandbox.ts";
import type { Event } from "../../src/task.ts";
import { CONTRACT_THREAD, poolUnderAttack } from "./pool-under-attack.ts";

const HANG = "[].reverse.call({ length: 2 ** 53 - 1 })";
const BUSY_5_MS = "for (const t = Date.now() + 5; Date.now() < t; ); 1";

type Play = RunOptions & { readonly script: string; readonly caller?: string };

/** Plays that share a circle's sequence, or a message to a thread, with mallory's. */
describe("neighbours", () => {
  const { pool, attack } = poolUnderAttack({ graceMs: 50 });

  const run = (plays: readonly Play[], circle = "alice", documents = {}): Promise<ScriptResult>[] =>
    pool().run({
      circle,
      snapshot: documents,
      plays: plays.map((play) => ({
        args: "null",
        caller: "mallory",
        authority: "",
        limits: { cpuMs: play.script === HANG ? 80 : 2_000 },
        ...play,
      })),
    });
  const outputs = async (results: readonly Promise<ScriptResult>[]): Promise<string[]> =>
    (await Promise.all(results)).map(({ end }) => (end.kind === "value" ? end.output : end.kind));

  it("phantom-write: what a cancelled play wrote is read by nobody", async () => {
    const cancel = new AbortController();
    const results = run([
      { script: "1" },
      { script: "data.set('n', 'phantom'); 2", signal: cancel.signal },
      { script: "data.get('n') ?? 'nothing'" },
    ]);
    cancel.abort();
    const [, second, third] = await Promise.all(results);
    const seen = third?.end.kind === "value" && third.end.output;
    expect(seen).toBe(second?.writes.length === 0 ? "nothing" : "phantom");
    await attack("1");
  });

  it("ghost: a play that was cancelled behind another, then hangs, does not keep its thread", async () => {
    const cancel = new AbortController();
    const results = run([
      { script: `print('begun'); ${BUSY_5_MS}`, onEvent: () => cancel.abort() },
      { script: HANG, signal: cancel.signal },
      { script: "3" },
    ]);
    expect(await outputs(results)).toEqual(["1", "cancelled", "3"]);
    await attack("1");
  });

  it("hang-behind: the plays before and after one that is killed have their results, once", async () => {
    const events: Event[] = [];
    const onEvent = (event: Event) => events.push(event);
    const add = "data.set('n', (data.get('n') ?? 0) + 1); data.get('n')";
    const plays = [
      { script: `print('a'); ${BUSY_5_MS}; print('b'); ${add}`, onEvent },
      { script: HANG },
      { script: add },
    ];
    expect(await outputs(run(plays))).toEqual(["1", "limit", "2"]);
    expect(events.map(({ seq, data }) => [seq, data])).toEqual([
      [1, "a"],
      [2, "b"],
    ]);
    await attack("1");
  });

  it("slow-behind: a play that does not end keeps no other's result back", async () => {
    const cancel = new AbortController();
    const started = performance.now();
    const [first, second] = run([
      { script: BUSY_5_MS },
      { script: "for (;;) {}", limits: { cpuMs: 3_000 }, signal: cancel.signal },
    ]);
    await first;
    expect(performance.now() - started).toBeLessThan(1_500);
    cancel.abort();
    expect((await second)?.end.kind).toBe("cancelled");
    await attack("1");
  });

  it("hang-before-other-circles: they are played although their thread was killed", async () => {
    const others = Array.from({ length: 40 }, (_, i) => run([{ script: `'${i}'`, caller: "bob" }], `circle-${i}`));
    const hanging = run([{ script: HANG }]);
    const more = Array.from({ length: 40 }, (_, i) => run([{ script: `'${i}'`, caller: "bob" }], `circle-${i}`));
    expect(await outputs(hanging)).toEqual(["limit"]);
    const expected = Array.from({ length: 40 }, (_, i) => [String(i)]);
    expect(await Promise.all(others.map(outputs))).toEqual(expected);
    expect(await Promise.all(more.map(outputs))).toEqual(expected);
    await attack("1");
  });

  it("many-hangs-in-one-sequence: each is killed, each other has its result", async () => {
    const plays = Array.from({ length: 9 }, (_, i) => ({ script: i % 3 === 1 ? HANG : `${i}` }));
    expect(await outputs(run(plays))).toEqual(["0", "limit", "2", "3", "limit", "5", "6", "limit", "8"]);
    await attack("1");
  });

  it("cancel-storm: whatever is cancelled whenever, every play ends once and nothing hangs", async () => {
    const all = Array.from({ length: 30 }, (_, i) => {
      const cancel = new AbortController();
      setTimeout(() => cancel.abort(), i);
      const scripts = ["1", BUSY_5_MS, i % 10 === 0 ? HANG : "3", "data.set('n', 1)", "data.has('n')"];
      return run(
        scripts.map((script, j) => (j % 2 === 0 ? { script, signal: cancel.signal } : { script })),
        `circle-${i % 5}`,
      );
    });
    for (const results of all) {
      const ends = await outputs(results);
      expect(ends).toHaveLength(5);
      expect(["1", "cancelled"]).toContain(ends[1]);
      expect(["true", "cancelled"]).toContain(ends[4]);
    }
    await attack("1");
  });

  it("does-not-compile: those behind a script that does not are played on the same state", async () => {
    const scripts = ["data.set('n', 1)", "let x = ;", "data.get('n')", "return (", "data.get('n') + 1"];
    expect(await outputs(run(scripts.map((script) => ({ script }))))).toEqual(["null", "thrown", "1", "thrown", "2"]);
    await attack("1");
  });

  it("large-writes: what many plays wrote does not exhaust the thread for those behind", async () => {
    const plays = Array.from({ length: 16 }, (_, i) => ({ script: `data.set('large-${i}', 'x'.repeat(4e6)); 1` }));
    const results = run([...plays, { script: "data.list().length" }].map((play) => ({ ...play, limits: {} })));
    expect((await outputs(results)).at(-1)).toBe("16");
    await attack("1");
  });

  it("rejected-in-a-row: a sandbox that closes rejects plays that nobody waits for yet, and nothing falls over", async () => {
    const closing = await ThreadPool.start<Record<string, string>>({ thread: CONTRACT_THREAD, threads: 1 });
    const plays = Array.from({ length: 3 }, () => ({
      script: "for (;;) {}",
      args: "null",
      caller: "mallory",
      authority: "",
    }));
    const [first, , third] = closing.run({ circle: "alice", snapshot: {}, plays });
    await closing.close();
    await expect(first).rejects.toThrow("sandbox: closed");
    await new Promise((resolve) => setImmediate(resolve)); // here a rejection without a handler would end the process
    await expect(third).rejects.toThrow("sandbox: closed");
    await attack("1");
  });
});
