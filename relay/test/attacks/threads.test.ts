import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ThreadPool } from "../../src/sandbox/pool-node.ts";
import { CONTRACT_THREAD, poolUnderAttack } from "./pool-under-attack.ts";

const HANG = "[].reverse.call({ length: 2 ** 53 - 1 })";
const faultyThread = new URL("./faulty-thread.ts", import.meta.url);
const MiB = 2 ** 20;

describe("threads that are killed", () => {
  const { attack, play } = poolUnderAttack({ threads: 2, graceMs: 20, limits: { cpuMs: 20 } });
  /** Only Linux lists them; elsewhere the memory they would hold has to tell. */
  const threads = async () => (process.platform === "linux" ? (await readdir("/proc/self/task")).length : 0);

  it("kills-in-a-row: neither threads nor memory are left behind", async () => {
    for (let i = 0; i < 3; i++) await attack(HANG);
    const before = { threads: await threads(), rss: process.memoryUsage().rss };
    for (let i = 0; i < 8; i++) expect((await play(HANG)).killed).toBe(true);
    await attack("1");
    await expect.poll(threads, { timeout: 5_000 }).toBeLessThanOrEqual(before.threads + 1);
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(120 * MiB);
  });

  it("kills-in-parallel: each ends its own script, and plays among them have their results", async () => {
    const innocent = (i: number) => play(`${i} + 1`, { caller: "bob", circle: `bob-${i}`, limits: { cpuMs: 5_000 } });
    const all = Array.from({ length: 15 }, (_, i) => (i % 3 === 0 ? play(HANG) : innocent(i)));
    for (const [i, { end, killed }] of (await Promise.all(all)).entries()) {
      expect(killed).toBe(i % 3 === 0);
      if (i % 3 !== 0) expect(end).toMatchObject({ output: `${i + 1}` });
    }
    await attack("1");
  });
});

describe("cancellation", () => {
  const { attack } = poolUnderAttack({ graceMs: 100 });

  it.each(
    Object.entries({
      "evading-by-catch": "for (;;) try { for (;;); } catch {}",
      "evading-by-finally": "const f = () => { try { for (;;); } finally { f() } }; f()",
      "evading-by-jobs": "const f = () => queueMicrotask(f); f(); await new Promise(() => {})",
      "evading-by-awaiting": "for (;;) await null",
      "evading-by-prints": "for (;;) try { data.has('a') } catch {}",
      "evading-by-regex": "/^(a+)+$/.test('a'.repeat(40) + 'b')",
      "evading-by-generator": "function* g() { for (;;) try { yield 1 } finally { continue } } for (const x of g()) {}",
      "evading-by-getters": "({ get then() { for (;;); } })",
      "evading-by-thrown-getters": "throw { get message() { for (;;); } }",
    }),
  )("%s: ends all the same, and wrote nothing", async (_, script) => {
    const cancel = new AbortController();
    const { end, writes } = await attack(`data.set('a', 1); print('begun'); ${script}`, {
      signal: cancel.signal,
      onEvent: () => cancel.abort(),
      limits: { cpuMs: 20_000, wallMs: 20_000 },
    });
    expect(end).toEqual({ kind: "cancelled" });
    expect(writes).toEqual([]);
  });

  it("evading-by-a-built-in: ends with its thread", async () => {
    const signal = AbortSignal.timeout(30);
    const { end, writes, killed } = await attack(HANG, { signal, limits: { cpuMs: 20_000, wallMs: 20_000 } });
    expect(end).toEqual({ kind: "cancelled" });
    expect(writes).toEqual([]);
    expect(killed).toBe(true);
  });

  it("cancelled-too-late: changes nothing", async () => {
    const cancel = new AbortController();
    const { end } = await attack("1", { signal: cancel.signal });
    cancel.abort();
    expect(end).toMatchObject({ output: "1" });
    await attack("1");
  });
});

describe("threads that fail", () => {
  const { attack, play } = poolUnderAttack({ thread: faultyThread, threads: 1 });
  const limits = { cpuMs: 5_000, wallMs: 10_000 };

  it("thread-that-exits: ends its play, which is taken to be the cause", async () => {
    const { end, killed } = await attack("data.set('a', 1); data.get('fault/exit')");
    expect(end).toMatchObject({ kind: "thrown", name: "InternalError" });
    expect(killed).toBe(true);
  });

  it("thread-out-of-heap: ends its play, and not the process", async () => {
    const { end, killed } = await attack("data.get('fault/heap')", { limits });
    expect(end).toMatchObject({ kind: "thrown", name: "InternalError" });
    expect(killed).toBe(true);
  });

  it("thread-that-exits-when-idle: is replaced before anybody notices", async () => {
    expect((await play("data.get('fault/exit-when-idle'); 1")).end).toMatchObject({ output: "1" });
    await new Promise((resolve) => setTimeout(resolve, 100)); // nothing can be seen of it from outside
    await attack("1");
  });

  it("unhandled-rejection-in-a-thread: ends the thread at most", async () => {
    await Promise.allSettled([play("data.get('fault/unhandled'); 1")]);
    await attack("1");
  });

  it("unreadable-document: rejects the play that read it, not those in the same message", async () => {
    const innocent = Array.from({ length: 5 }, (_, i) => play(`${i}`, { circle: `bob-${i}` }));
    const closed = play("1", { documents: { "fault/closed": "" } });
    const unreadable = play("data.get('fault/unreadable')");
    const more = Array.from({ length: 5 }, (_, i) => play(`${i}`, { circle: `bob-${i}` }));
    await expect(closed).rejects.toThrow("sandbox: a thread failed");
    await expect(unreadable).rejects.toThrow("sandbox: a thread failed");
    for (const [i, { end }] of (await Promise.all([...innocent, ...more])).entries()) {
      expect(end).toMatchObject({ output: `${i % 5}` });
    }
    await attack("1");
  });
});

describe("threads that do not start", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "circles-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const one = (script: string) => ({
    circle: "bob",
    snapshot: {},
    plays: [{ script, args: "null", caller: "bob", authority: "", limits: { cpuMs: 1_000 } }],
  });

  it("broken-at-first: the pool does not start", async () => {
    await expect(
      ThreadPool.start({ thread: new URL("./no-such-thread.ts", import.meta.url), threads: 2 }),
    ).rejects.toThrow();
  });

  it("broken-for-a-while: what waits is rejected meanwhile, and later plays are played", async () => {
    const file = join(folder, "thread.mjs");
    const write = () => writeFile(file, `import ${JSON.stringify(faultyThread.href)}`);
    await write();
    const pool = await ThreadPool.start<Record<string, string>>({ thread: pathToFileURL(file), threads: 1 });
    await rm(file);
    const [killed] = pool.run(one("data.get('fault/exit')"));
    const [waiting] = pool.run(one("1"));
    expect((await killed)?.killed).toBe(true);
    await expect(waiting).rejects.toThrow("could not be started");
    await write();
    await expect
      .poll(async () => (await pool.run(one("'works again'"))[0])?.end, { timeout: 10_000 })
      .toMatchObject({ output: "works again" });
    await pool.close();
  });

  it("closed-while-running: plays are rejected, and nothing runs on", async () => {
    const pool = await ThreadPool.start<Record<string, string>>({ thread: CONTRACT_THREAD, threads: 2 });
    const all = ["for (;;) {}", HANG, "1", "2", "3"].flatMap((script) => pool.run(one(script)));
    await pool.close();
    for (const result of all.slice(0, 2)) await expect(result).rejects.toThrow("sandbox: closed");
    await Promise.allSettled(all);
    const [late] = pool.run(one("1"));
    await expect(late).rejects.toThrow("sandbox: closed");
    await pool.close();
  });

  it("closed-while-replacing: no thread is started after the end", async () => {
    const pool = await ThreadPool.start<Record<string, string>>({ thread: CONTRACT_THREAD, threads: 1, graceMs: 0 });
    const [killed] = pool.run({
      ...one(HANG),
      plays: [{ script: HANG, args: "null", caller: "bob", authority: "", limits: { cpuMs: 10 } }],
    });
    expect((await killed)?.killed).toBe(true);
    await pool.close();
    await expect(pool.run(one("1"))[0]).rejects.toThrow("sandbox: closed");
  });
});
