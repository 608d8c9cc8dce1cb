import { describe, expect, it } from "vitest";
import { poolUnderAttack } from "./pool-under-attack.ts";

describe("processor time", () => {
  const { attack } = poolUnderAttack({ limits: { cpuMs: 50 } });

  it.each(
    Object.entries({
      "endless-loop": "for (;;) {}",
      "endless-loop-in-body": "if (1) { for (;;) {} return 1 }",
      "endless-recursion-by-steps": "const f = (n) => n === 0 || f(n - 1); for (;;) f(500)",
      "endless-generator": "for (const x of (function* () { for (;;) yield 1 })()) {}",
      "endless-iterator": "new Set({ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }) }) })",
      "endless-spread-of-nothing": "[...{ [Symbol.iterator]: () => ({ next() { for (;;); } }) }]",
      "catch-evasion": "for (;;) try { for (;;) {} } catch {}",
      "finally-evasion": "const f = () => { try { for (;;) {} } finally { f() } }; f()",
      "finally-return-evasion": "const f = () => { for (;;) try { return } finally { continue } }; f()",
      "using-dispose-evasion": "for (;;) { using x = { [Symbol.dispose]() { for (;;); } } }",
      "getter-loop": "({ get x() { for (;;); } }).x",
      "proxy-loop": "new Proxy({}, { get() { for (;;); } }).x",
      "to-primitive-loop": "`${{ [Symbol.toPrimitive]() { for (;;); } }}`",
      "to-json-loop": "({ toJSON() { for (;;); } })",
      "thrown-getter-loop": "throw { get message() { for (;;); } }",
      "thrown-to-string-loop": "throw { name: { toString() { for (;;); } } }",
      "then-getter-loop": "({ get then() { for (;;); } })",
      "sort-comparator-loop": "[2, 1].sort(() => { for (;;); })",
      "sort-comparator-that-lies": "for (;;) Array.from({ length: 1e3 }, Math.random).sort(() => Math.random() - 0.5)",
      "replace-callback-loop": "'x'.replace(/x/, () => { for (;;); })",
      "json-reviver-loop": "JSON.parse('[1]', () => { for (;;); })",
      "eval-loop": "for (;;) eval('1')",
      "function-constructor-loop": "for (;;) new Function('return 1')()",
      "job-flood": "const f = () => { queueMicrotask(f); queueMicrotask(f) }; f(); await new Promise(() => {})",
      "job-chain": "const f = () => Promise.resolve().then(f); await f()",
      "job-that-loops": "queueMicrotask(() => { for (;;); }); await null; await null",
      "await-loop": "for (;;) await null",
      "async-recursion": "const f = async () => { await null; return f() }; await f()",
      "async-generator-loop": "for await (const x of (async function* () { for (;;) yield 1 })()) {}",
      "thenable-that-resolves-itself": "const t = { then(resolve) { resolve(t) } }; await t",
      "thenable-as-result": "const t = { then(resolve) { resolve(t) } }; t",
      "finalization-loop":
        "const r = new FinalizationRegistry(() => { for (;;); }); r.register({}, 1); await null; for (;;) ({})",
      "regex-nested-quantifiers": "/^(a+)+$/.test('a'.repeat(40) + 'b')",
      "regex-many-ways": "/(x+x+)+y/.test('x'.repeat(1e5))",
      "regex-lookbehind": "/(?<=(a+)+)b/.test('a'.repeat(1e4) + 'c')",
      "regex-back-reference": "/(a*)*\\1*b/.test('a'.repeat(1e3))",
      "regex-on-catastrophe-in-replace": "'a'.repeat(3e4).replace(/(a*)*c/g, '')",
      "index-of-in-a-huge-array": "Array(2 ** 32 - 1).indexOf(1)",
      "index-of-in-a-huge-array-like": "[].indexOf.call({ length: 2 ** 53 - 1 }, 1)",
      "last-index-of-in-a-huge-array-like": "[].lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)",
      "includes-in-a-huge-array-like": "[].includes.call({ length: 2 ** 53 - 1 }, 1)",
      "every-of-a-huge-array-like": "[].every.call({ length: 2 ** 53 - 1 }, () => true)",
      "typed-array-sort": "const a = new Float64Array(1e5); for (;;) a.map(Math.random).sort()",
      "typed-array-fill": "const a = new Uint8Array(8e6); for (;;) a.fill(1)",
      "list-flood": "for (;;) data.list()",
      "large-document-flood": "for (;;) data.get('large')",
      "large-write-flood": "const s = 'x'.repeat(1e6); for (;;) data.set('a', s)",
    }),
  )("%s: ends with cpu_ms, without a kill", async (_, script) => {
    const names = Array.from({ length: 5_000 }, (_, i) => [`document-${i}`, "1"]);
    const documents = { ...Object.fromEntries(names), large: JSON.stringify("x".repeat(1e6)) };
    const { end, writes, killed } = await attack(script, { documents });
    expect(end).toMatchObject({ kind: "limit", limit: "cpu_ms", allowed: 50 });
    expect(writes).toEqual([]);
    expect(killed).toBe(false);
  });

  it("late-value: a value that came after the time was over is none", async () => {
    const { end, writes } = await attack("data.set('a', 1); 10n ** 300_000n; 1");
    expect(end).toMatchObject({ kind: "limit", limit: "cpu_ms" });
    expect(writes).toEqual([]);
  });

  it("promise-that-never-settles: ends at once and says so", async () => {
    const { end } = await attack("await new Promise(() => {})");
    expect(end).toMatchObject({ kind: "thrown", message: expect.stringMatching(/never happen/) });
  });
});
