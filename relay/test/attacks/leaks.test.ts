import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { type Attack, poolUnderAttack } from "./pool-under-attack.ts";

const watchedThread = new URL("./watched-thread.ts", import.meta.url);

/** Builds the marker that `watched-thread.ts` looks for, without having it in the source. */
const MARKER = "const marker = ['mallory', 'was', 'here'].join(' ');";
const SEEN_ALIVE = "print(data.get('look/marker') > 0);";

describe("leaks from one play to the next", () => {
  const { play, attack } = poolUnderAttack({ thread: watchedThread, graceMs: 50, limits: { cpuMs: 200 } });
  /** As another caller's or another circle's play sees it. */
  const lookAtMemory = async (who: Attack = { circle: "bob" }): Promise<unknown> => {
    const { end } = await play("data.get('look/memory')", { limits: { cpuMs: 2_000 }, ...who });
    return end.kind === "value" ? end.output : end;
  };
  let fresh: unknown;
  beforeAll(async () => {
    fresh = await lookAtMemory();
  });

  it.each(
    Object.entries({
      strings: "const all = Array.from({ length: 1e4 }, (_, i) => marker + i);",
      "wide-strings": "const all = Array.from({ length: 1e3 }, (_, i) => marker + '\\u{1f600}' + i);",
      ropes: "let s = ''; for (let i = 0; i < 1e4; i++) s += marker; s.charCodeAt(5);",
      "property-names": "const o = {}; for (let i = 0; i < 1e4; i++) o[marker + i] = 1;",
      symbols: "const all = Array.from({ length: 1e4 }, (_, i) => Symbol.for(marker + i));",
      "array-buffers": `const all = Array.from({ length: 200 }, () => {
        const bytes = new Uint8Array(1024);
        for (let i = 0; i < 1024; i++) bytes[i] = marker.charCodeAt(i % marker.length);
        return bytes;
      });`,
      "grown-memory": "const all = []; for (let i = 0; i < 5e4; i++) all.push(marker.repeat(5) + i);",
      "freed-memory": "for (let i = 0; i < 1e5; i++) marker.repeat(20) + i;",
      "deep-stack-frames": `const numbers = new Float64Array(new TextBytes(marker).buffer);
        const f = (a, b) => { try { return f(b, a) + a } catch { return a } }; f(numbers[0], numbers[1]);`,
      "parser-stack": "try { eval('['.repeat(1e5) + JSON.stringify(marker)) } catch {}",
      json: "const text = JSON.stringify(Array(1e4).fill(marker)); JSON.parse(text);",
      regex: "/((.)(.)(.)(.)(.))*$/.exec(marker.repeat(1e3)); new RegExp(marker.repeat(1e3));",
      sorting: "Array.from({ length: 1e4 }, (_, i) => marker + Math.random()).sort();",
      source: "eval(`/* ${marker.repeat(1e3)} */ 1`);",
      "function-names":
        "const all = Array.from({ length: 1e3 }, (_, i) => new Function(`return function ${marker.replaceAll(' ', '_')}${i}() {}`)());",
      "error-stacks": "const all = Array.from({ length: 1e3 }, () => new Error(marker));",
      "host-payloads":
        "print(marker.repeat(1e3)); data.set('a', marker.repeat(1e4)); data.get('a'); progress(0, marker);",
      "pending-jobs": "const wait = new Promise(() => {}); for (let i = 0; i < 1e3; i++) wait.then(() => marker + i);",
      "big-integers":
        "const all = Array.from({ length: 1e3 }, () => BigInt('0x' + Array.from(marker, (c) => c.charCodeAt(0).toString(16)).join('')) << 64n);",
      "weak-references": "const all = Array.from({ length: 1e3 }, () => new WeakRef({ marker: marker + 1 }));",
    }),
  )("stale-%s: not a byte of them is left for the next circle", async (_, script) => {
    const helper = `class TextBytes { constructor(text) { this.buffer = Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer } }`;
    const limits = { cpuMs: 5_000 }; // what it leaves behind is looked at, not how long it takes
    const { events } = await play(`${MARKER} ${helper} ${script} ${SEEN_ALIVE}`, { limits });
    expect(events.at(-1)?.data).toBe("true");
    expect(await lookAtMemory()).toBe(fresh);
    await attack("1");
  });

  it.each(
    Object.entries({
      thrown: "throw new Error(marker)",
      returned: "Array(1e3).fill(marker)",
      "stack-overflow": "const f = (a) => f(a + marker); f(marker)",
      "out-of-memory": "const all = []; for (;;) all.push(marker.repeat(1e3) + all.length)",
      "out-of-memory-in-a-host-call": `const all = [], s = marker.repeat(3e5);
        try { for (;;) all.push(new ArrayBuffer(1e5)) } catch {} print(s)`,
      "events-reached": "for (;;) print(marker)",
      "cpu-reached": "for (let s = marker; ; ) s = marker + s.slice(0, 1e5)",
      killed: "globalThis.kept = marker.repeat(1e5); [].reverse.call({ length: 2 ** 53 - 1 })",
      "not-compiled": "/* mallory was here */ let a = ;",
      "not-compiled-as-a-body": "/* mallory was here */ return 1; let a = ;",
      "never-settled": "globalThis.kept = marker; await new Promise(() => {})",
    }),
  )("ended-by-being-%s: not a byte is left for the next circle", async (_, script) => {
    await play(script.startsWith("/*") ? script : `${MARKER} ${script}`);
    expect(await lookAtMemory()).toBe(fresh);
    await attack("1");
  });

  it("another-caller: finds no byte of what played in the same circle", async () => {
    const bobInAlice = { circle: "alice", caller: "bobbobb" };
    const before = await lookAtMemory(bobInAlice);
    await play(`${MARKER} globalThis.kept = marker.repeat(1e4)`);
    expect(await lookAtMemory(bobInAlice)).toBe(before);
  });

  it.each(
    Object.entries({
      globals: "globalThis.left = 1; var left2 = 2; let left3 = 3",
      "lexical-globals": "(0, eval)('let left = 1; const left2 = 2; class Left {}')",
      prototypes: "Object.prototype.left = Array.prototype.left = Function.prototype.left = 1",
      "deleted-built-ins": "delete globalThis.JSON; delete Array.prototype.map; delete globalThis.Promise",
      "frozen-built-ins": "Object.freeze(globalThis); Object.freeze(Array.prototype); Object.freeze(Object.prototype)",
      "replaced-doors": "print = data = progress = () => 'left'; globalThis.args = 1; CALLER_PUBLIC_KEY = 'bob'",
      "proxied-global": "Object.setPrototypeOf(globalThis, new Proxy({}, { get: () => 'left', has: () => true }))",
      "pending-jobs": "queueMicrotask(() => { globalThis.left = 1; print('left') }); throw 1",
      "endless-pending-jobs": "const f = () => { print('left'); queueMicrotask(f) }; f()",
      "pending-awaits": "(async () => { for (;;) { await null; globalThis.left = 1 } })(); 1",
      finalizers: "globalThis.r = new FinalizationRegistry(() => { print('left') }); r.register({}, 1); 1",
      "symbol-registry": "globalThis[Symbol.for('left')] = 1; Symbol.left = Symbol('left')",
      "stack-trace-hook": "Error.prepareStackTrace = () => 'left'; Error.stackTraceLimit = 0",
      "regex-statics": "/(left)/.exec('left'); RegExp.left = 1; /x/g.lastIndex = 5",
      date: "Date.now = () => 0; Date.prototype.getTime = () => 0; Math.random = () => 0.5",
      writes: "data.set('answer', 'left'); data.set('left', 1); throw 1",
      "written-and-killed": "data.set('greeting', 'left'); [].reverse.call({ length: 2 ** 53 - 1 })",
    }),
  )("left-%s: are gone in the next play", async (_, script) => {
    await attack(script);
    expect(await lookAtMemory()).toBe(fresh);
    const { end, events } = await play("[typeof left, typeof left2, typeof Left, 'left' in Math, data.list()]");
    expect(end).toMatchObject({ output: '["undefined","undefined","undefined",false,[]]' });
    expect(events).toEqual([]);
  });
});

describe("leaks from chance and time", () => {
  const { play, attack } = poolUnderAttack();

  it("random-state: what a play saw of Math.random does not tell what the next will see", async () => {
    const draws = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const { end } = await play("Array.from({ length: 4 }, Math.random)");
      if (end.kind === "value") for (const drawn of JSON.parse(end.output) as number[]) draws.add(String(drawn));
    }
    expect(draws.size).toBe(200);
    await attack("Math.random = () => 0.5");
  });

  it("random-reset: the seed cannot be set or read", async () => {
    const { end } = await attack(
      "[Math.random.seed, typeof Math.seedrandom, Object.keys(Math), String(Math.random).length > 0]",
    );
    expect(end).toMatchObject({ output: '[null,"undefined",[],true]' });
  });

  it("engine-state: the engine has no mutable global but its stack pointer, which is put back", async () => {
    const bytes = await readFile(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm"));
    expect(mutableGlobals(bytes)).toBe(1);
  });
});

/** Counts the mutable globals that a WebAssembly module defines (its specification, 5.5.9). */
function mutableGlobals(wasm: Uint8Array): number {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const GLOBALS = 6;
  const END = 0x0b;
  while (at < wasm.length) {
    const section = number();
    const length = number();
    if (section !== GLOBALS) {
      at += length;
      continue;
    }
    let mutable = 0;
    for (let left = number(); left > 0; left--) {
      at++; // its type
      mutable += number();
      at++; // the instruction that puts a constant, followed by it
      number();
      if (wasm[at++] !== END) throw new Error("wasm: expected a global that begins with a constant");
    }
    return mutable;
  }
  return 0;
}
