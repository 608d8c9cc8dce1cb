import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { type DirectPlay, holding, makeInstance, playIn, resultOf } from "../../test/instance-under-test.ts";

const LIBRARY = `
let calls = 0;
const loaded = { now: Date.now(), random: Math.random(), caller: typeof CALLER_PUBLIC_KEY };
export const count = () => ++calls;
export const give = (...args) => args;
export const nothing = () => {};
export const chance = () => [loaded.random, Math.random()];
export const time = () => [loaded.now, Date.now()];
export const who = () => [CALLER_PUBLIC_KEY, CIRCLE_PUBLIC_KEY, DB_PATH, loaded.caller];
export const sees = () => ["circle", "policy", "library", "inbox", "log", "context", "args", "play", "schedule", "data",
  "files", "print", "progress"].map((name) => [name, typeof globalThis[name]]).filter(([, type]) => type !== "undefined");
export async function later(x) { await null; await Promise.resolve(); return x }
export function fail(name, message) { throw Object.assign(new Error(message), { name, extra: 1 }) }
export function throwing(what) { throw what }
export const never = () => new Promise(() => {});
let settle;
export const wait = () => new Promise((resolve) => { settle = resolve });
export const settleOther = () => { settle("the other's"); return new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve("its own")))) };
export const spin = () => { for (;;); };
export const spinLater = async () => { for (;;) await null };
export const hoard = () => { const all = []; for (;;) all.push(new ArrayBuffer(1e5)) };
export const hoardAndCatch = () => { const all = []; try { for (;;) all.push(new ArrayBuffer(1e5)) } catch {} return all.length > 10 };
export const chatter = () => { for (;;) print("x") };
export const scribble = () => { for (let i = 0; ; i++) data.set("d" + i, "x".repeat(100)) };
export const say = (x) => { print(x); progress(0.5) };
export const use = (op, ...args) => data[op](...args);
export const useFiles = (op, ...args) => files[op](...args);
export const cycle = () => { const a = []; a.push(a); return a };
export const big = () => 1n;
export const symbol = () => Symbol("x");
export const deep = (n) => { let a = []; for (let i = 0; i < n; i++) a = [a]; return a };
export const sink = () => { const f = (n) => f(n + 1) + 1; return f(0) };
export const load = () => import("node:fs");
export const buy = (paid) => { data.set('stock', 0); data.set('order', 1); data.delete('a'); if (!paid) throw new Error('not enough') };
export class Made {}
export default function () { return "the default" }
`;

const instance = makeInstance();
const play = (script: string, { files = {}, ...given }: DirectPlay = {}) =>
  playIn(instance, script, { files: { "config/library.js": { text: LIBRARY }, ...files }, ...given });
const value = (script: string, given?: DirectPlay) => resultOf(play(script, given));

describe("the circle's library", () => {
  it.each([
    ["circle.give()", []],
    ["circle.give(1, 'a', null, [true], { a: {} })", [1, "a", null, [true], { a: {} }]],
    ["circle.give(undefined, 1, undefined, undefined)", [null, 1]],
    ["circle.nothing() === undefined", true],
    ["await circle.later(5)", 5],
    ["circle.later(5)", 5],
    ["circle.default()", "the default"],
    ["context.circle.give(1)", [1]],
    [`circle.give(JSON.parse('{"__proto__":1}'))`, [JSON.parse('{"__proto__":1}')]],
    ["circle.give('a\\u0000b\\u2028\\n\\ud83d\\ude00')", ["a\0b\u2028\n😀"]],
  ])("[SB18] %s crosses as JSON", (script, expected) => {
    expect(value(script)).toEqual(expected);
  });

  it("[SB18] knows its caller and circle, and sees data, files and events only", () => {
    expect(value("circle.who()")).toEqual(["mallory", "alice", "/alice", "undefined"]);
    expect(value("circle.who()", { caller: "bob", circle: "carol" })).toEqual(["bob", "carol", "/carol", "undefined"]);
    expect(value("circle.sees().map(([name]) => name)")).toEqual(["data", "files", "print", "progress"]);
  });

  it("[SB18] has the circle's data whoever calls, in the play's own write set", () => {
    const files = { "data/secret.json": { json: "42" } };
    const names = ["use", "useFiles"].map((name) => `call:${name}`);
    const { end, writes } = play(
      "circle.use('set', 'x', 1); circle.useFiles('write', 't', 'text'); [circle.use('get', 'secret'), circle.use('get', 'x'), circle.use('list')]",
      { files, authority: holding(...names) },
    );
    expect(end).toMatchObject({ output: '[42,1,["secret","x"]]' });
    expect(writes.map(({ path }) => path)).toEqual(["data/x.json", "data/t"]);
    expect(value("data.set('x', 5); circle.use('set', 'y', 6); [circle.use('get', 'x'), data.get('y')]")).toEqual([
      5, 6,
    ]);
  });

  it("[SB18] numbers its events with the play's", () => {
    expect(play("print('a'); circle.say('b'); print('c')").events).toEqual([
      { seq: 1, kind: "print", data: "a" },
      { seq: 2, kind: "print", data: "b" },
      { seq: 3, kind: "progress", data: { fraction: 0.5 } },
      { seq: 4, kind: "print", data: "c" },
    ]);
  });

  it("[SB18] keeps its variables within a play, and not from one to the next", () => {
    for (let i = 0; i < 3; i++) expect(value("[circle.count(), circle.count()]")).toEqual([1, 2]);
  });

  it("[SB18] has the time, and chance of its own in every play", () => {
    const [loaded, ...drawn] = [1, 2, 3].map(() => value("circle.chance()") as [number, number]);
    expect(new Set([loaded, ...drawn].map((pair) => pair?.[1])).size).toBe(3);
    expect(drawn.map(([atLoad]) => atLoad)).toEqual([loaded?.[0], loaded?.[0]]); // it was loaded once
    const [, before] = value("circle.time()") as [number, number];
    expect(Math.abs(Date.now() - before)).toBeLessThan(60_000);
  });

  it("[SB18] of another circle is loaded anew, although its source is the same", () => {
    const [alices] = value("circle.chance()") as number[];
    const [bobs] = value("circle.chance()", { circle: "bob" }) as number[];
    expect(bobs).not.toBe(alices);
  });

  it("[SB18] gives names and messages of what it throws, and no more", () => {
    const told = (script: string) =>
      value(`try { ${script} } catch (e) { [e.name, e.message, e instanceof Error, Object.keys(e)] }`);
    expect(told("circle.fail('RangeError', 'far')")).toEqual(["RangeError", "far", true, []]);
    expect(told("circle.fail('Special', 'x')")).toEqual(["Special", "x", true, []]);
    expect(told("circle.fail('__proto__', 'x')")).toEqual(["__proto__", "x", true, []]);
    expect(told("circle.throwing({ secret: 1 })")).toMatchObject([expect.any(String), expect.any(String), true, []]);
    expect(told("circle.throwing('text')")).toEqual(["Error", "text", true, []]);
    expect(told("circle.cycle()")).toMatchObject(["TypeError", expect.stringMatching(/circular/), true, []]);
    expect(told("circle.big()")).toMatchObject(["TypeError", expect.any(String), true, []]);
    expect(told("circle.symbol()")).toMatchObject(["TypeError", expect.any(String), true, []]);
    expect(told("circle.Made()")).toMatchObject(["TypeError", expect.any(String), true, []]);
    expect(told("circle.load()")).toMatchObject([expect.any(String), expect.stringMatching(/node:fs/), true, []]);
  });

  it("[SB18] that has no such function, or is not there, is a TypeError once the call is allowed", () => {
    const end = { kind: "thrown", name: "TypeError", message: "circle.nope: there is no such function" };
    expect(play("circle.nope()").end).toMatchObject(end);
    expect(playIn(instance, "circle.nope()").end).toMatchObject(end);
    for (const files of [{}, { "config/library.js": { text: LIBRARY } }]) {
      const denied = playIn(instance, "circle.nope()", { files, authority: holding() });
      expect(denied).toMatchObject({ end: { kind: "denied", capability: "call:nope" }, looked: [] });
    }
  });

  it("[SB18] that throws has written nothing, and what was written before stands", () => {
    const { writes, end } = play(`data.set("order", "mine"); data.set("b", 2);
      try { circle.buy(false) } catch {} [data.get("order"), data.has("stock")]`);
    expect(end).toMatchObject({ output: '["mine",false]' });
    expect(writes).toEqual([
      { path: "data/order.json", content: { json: '"mine"' } },
      { path: "data/b.json", content: { json: "2" } },
    ]);
    expect(play("circle.buy(true)").writes).toHaveLength(2);
    const over = play("for (let i = 0; i < 100; i++) try { circle.buy(false) } catch {}", {
      limits: { storageBytes: 5_000 },
    });
    expect([over.end.kind, over.writes]).toEqual(["value", []]);
  });

  it("[SB18] that awaits what cannot happen ends the call, and its late answer is nobody else's", () => {
    expect(play("circle.never()").end).toMatchObject({
      kind: "thrown",
      message: expect.stringMatching(/never happen/),
    });
    expect(value("try { circle.wait() } catch {} [circle.settleOther(), circle.count()]")).toEqual(["its own", 1]);
  });

  it.each([
    ["cpu_ms", "circle.spin()", { cpuMs: 30 }],
    ["wall_ms", "circle.spin()", { wallMs: 30 }],
    ["cpu_ms", "circle.spinLater()", { cpuMs: 30 }],
    ["cpu_ms", "for (;;) circle.nothing()", { cpuMs: 30 }],
    ["memory_bytes", "circle.hoard()", { memoryBytes: 8e6 }],
    ["events", "circle.chatter()", { events: 10 }],
    ["storage_bytes", "circle.scribble()", { storageBytes: 10_000 }],
  ])("[SB18] reaching %s in %s ends the play", (limit, script, limits) => {
    const [allowed] = Object.values(limits);
    const { end, writes } = play(`try { ${script} } catch {} finally { data.set('after', 1) } 1`, { limits });
    expect(end).toMatchObject({ kind: "limit", limit, allowed });
    expect(writes).toEqual([]);
    expect(value("circle.count()")).toBe(1);
  });

  it("[SB18] may run out of memory and go on, in a heap as large as the play's", () => {
    expect(value("circle.hoardAndCatch()", { limits: { memoryBytes: 8e6 } })).toBe(true);
    expect(value("circle.count()")).toBe(1);
  });

  it("[SB9] is cancelled with the play", () => {
    let asked = 0;
    expect(play("circle.spin()", { cancelled: () => asked++ > 20 }).end).toEqual({ kind: "cancelled" });
  });

  it("[SB16] limits of the call's grant are the library's", () => {
    const authority = holding();
    authority.check = () => ({ kind: "held", limits: { cpuMs: 20 } });
    expect(play("circle.spin()", { authority }).end).toMatchObject({ limit: "cpu_ms", allowed: 20 });
  });
});

describe("setting the library", () => {
  const set = (source: string) => `library.set(${JSON.stringify(source)})`;

  it("[SB21] writes the source, which the same play may call at once", () => {
    const source = "export const a = () => 7;\n";
    const { end, writes } = play(`${set(source)}; circle.a()`);
    expect(end).toMatchObject({ output: "7" });
    expect(writes).toEqual([{ path: "config/library.js", content: { text: source } }]);
    const again = `circle.count(); ${set("export const a = () => 1")}; circle.a(); ${set("export const a = () => 2")}; circle.a()`;
    expect(value(again)).toBe(2);
    expect(play(set("")).end.kind).toBe("value");
  });

  it.each([
    ["export const a = () => 1;\nlet x = ;", "SyntaxError", 2, 9],
    ["export const a = (", "SyntaxError", 1, 19],
    ["let a = 1;\nlet a = 2;", "SyntaxError", 2, 7],
    ["\n  missing();", "TypeError", 2, 3],
    ["throw new Error('no')", "TypeError", 1, 11],
    ["import fs from 'node:fs'; export const a = () => 1", "TypeError", undefined, undefined],
    ["export * from './other.js'", "TypeError", undefined, undefined],
    ["await import('node:fs')", "TypeError", undefined, undefined],
    ["export const a = 1", "TypeError", undefined, undefined],
    ["export default {}", "TypeError", undefined, undefined],
    ["export const é = () => 1", "TypeError", undefined, undefined],
    ["const a = () => 1; export { a as 'x y' }", "TypeError", undefined, undefined],
    ["const a = () => 1; export { a as toJSON }", "TypeError", undefined, undefined],
    ["export const then = () => 1", "TypeError", undefined, undefined],
    ["data.set('x', 1)", "TypeError", 1, 5],
    ["print('x')", "TypeError", 1, 1],
    ["files.write('x', 'x')", "TypeError", 1, 6],
    ["for (;;);", "TypeError", undefined, undefined],
    ["await new Promise(() => {})", "TypeError", undefined, undefined],
    ["for (;;) await null", "TypeError", undefined, undefined],
    ["(async () => { for (;;) await null })()", "TypeError", undefined, undefined],
    ["export const all = []; for (;;) all.push(new ArrayBuffer(1e5))", "TypeError", undefined, undefined],
    ["globalThis.a = new Uint8Array(5e6)", "TypeError", undefined, undefined],
    ["const f = () => f() + 1; f()", "TypeError", 1, undefined],
    ["throw { get name() { for (;;); } }", "TypeError", undefined, undefined],
    ["x".repeat(300_000), "TypeError", undefined, undefined],
  ])("[SB21] %j is refused with a %s and its place", (source, name, line, column) => {
    const script = `try { ${set(source)} } catch (e) { ({ name: e.name, line: e.line, column: e.column, message: e.message }) }`;
    const { end, writes, events } = play(script);
    const thrown = JSON.parse(end.kind === "value" ? end.output : "{}") as Record<string, unknown>;
    expect(thrown).toMatchObject({ name, message: expect.stringMatching(/^library/) });
    if (line !== undefined) expect(thrown.line).toBe(line);
    if (column !== undefined) expect(thrown.column).toBe(column);
    if (line !== undefined) expect(thrown.message).toContain(`(line ${line}, column`);
    expect(writes).toEqual([]);
    expect(events).toEqual([]);
  });

  it("[SB21] one that was put there by hand and cannot be loaded is a TypeError that tells nothing of it", () => {
    const files = { "config/library.js": { text: "const secret = ;" } };
    expect(play("circle.a()", { files }).end).toMatchObject({
      name: "TypeError",
      message: "circle: the circle's library cannot be loaded",
    });
  });

  it("[SB18] libraries come and go in turns, each as it was", () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 20; i++) {
        const text = `let n = 0; const big = new Uint8Array(1e6).fill(${i + 1}); export const a = () => [${i}, ++n, big[5]++]`;
        const files = { "config/library.js": { text } };
        expect(value("circle.a(); circle.a()", { files, circle: `circle ${i % 7}` })).toEqual([i, 2, i + 2]);
      }
    }
  });
});

describe("a thread's stack", () => {
  it("[SB18] holds a script at the end of its own and a library at the end of its own", async () => {
    const thread = new Worker(new URL("../../test/deep-thread.ts", import.meta.url), {
      resourceLimits: { stackSizeMb: 8 },
    });
    const ends = await new Promise((resolve, reject) => {
      thread.once("message", resolve);
      thread.once("error", reject);
    });
    await thread.terminate();
    expect(ends).toEqual([
      { kind: "value", format: "json", output: expect.stringMatching(/^\[0,".*call stack size exceeded.*",\d+\]$/) },
      { kind: "value", format: "json", output: "1" },
    ]);
  });
});
