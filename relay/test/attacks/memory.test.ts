import { describe, expect, it } from "vitest";
import { MEMORY_BYTES, poolUnderAttack } from "./pool-under-attack.ts";

const MiB = 2 ** 20;

describe("memory", () => {
  const { attack, play } = poolUnderAttack({
    thread: new URL("./watched-thread.ts", import.meta.url),
    limits: { cpuMs: 2_000 },
  });

  it.each(
    Object.entries({
      "array-buffer-bomb": "const all = []; for (;;) all.push(new ArrayBuffer(1e6))",
      "one-huge-array-buffer": "new ArrayBuffer(2 ** 31 - 1)",
      "resizable-array-buffer-bomb":
        "const all = []; for (;;) { const b = new ArrayBuffer(0, { maxByteLength: 2 ** 20 }); b.resize(2 ** 20); all.push(b) }",
      "reserved-array-buffer-bomb": "const all = []; for (;;) all.push(new ArrayBuffer(0, { maxByteLength: 2 ** 20 }))",
      "shared-array-buffer-bomb": "const all = []; for (;;) all.push(new SharedArrayBuffer(2 ** 20))",
      "typed-array-bomb": "const all = []; for (;;) all.push(new Float64Array(1e5))",
      "repeated-string": "'x'.repeat(2 ** 29)",
      "padded-string": "'x'.padStart(2 ** 30 - 1)",
      "string-bomb": "const all = []; for (;;) all.push('x'.repeat(1e5) + all.length)",
      "rope-bomb": "let s = 'x'.repeat(1e3); const all = []; for (;;) { s += 'y'; all.push(s) }",
      "number-array-bomb": "const all = []; for (;;) all.push(0)",
      "filled-huge-array": "new Array(2 ** 32 - 1).fill(0)",
      "spread-array": "Math.max(...new Array(1e7))",
      "map-bomb": "const m = new Map(); for (let i = 0; ; i++) m.set(i, i)",
      "set-bomb": "const m = new Set(); for (let i = 0; ; i++) m.add(`k${i}`)",
      "weak-map-bomb": "const w = new WeakMap(), all = []; for (;;) { const k = {}; all.push(k); w.set(k, {}) }",
      "weak-reference-bomb": "const all = []; for (;;) all.push(new WeakRef({}))",
      "finalization-bomb":
        "const f = new FinalizationRegistry(() => {}), all = []; for (;;) { const o = {}; all.push(o); f.register(o, o.x) }",
      "closure-bomb": "let f = () => 0; for (;;) { const g = f; f = () => g() }",
      "regex-capture-bomb": "const all = []; for (;;) all.push(/(.*)(.*)/.exec('x'.repeat(1e3) + all.length))",
      "regex-stack-bomb": "/(.*)\\1{1000}$/.test('a'.repeat(1e6))",
      "symbol-bomb": "const all = []; for (;;) all.push(Symbol('s'))",
      "registered-symbol-bomb": "const all = []; for (let i = 0; ; i++) all.push(Symbol.for(`k${i}`))",
      "property-name-bomb": "const o = {}; for (let i = 0; ; i++) o[`k${i}`] = 1",
      "shape-bomb": "const all = []; for (let i = 0; ; i++) all.push({ [`k${i}`]: 1 })",
      "frame-bomb": "const f = async () => { await null; await f() }; await f()",
      "promise-bomb": "const all = []; for (;;) all.push(new Promise(() => {}))",
      "big-integer-bomb": "const all = []; for (let i = 0n; ; i++) all.push(i << 100_000n)",
      "json-parse-giant": "JSON.parse('[' + '[],'.repeat(1e6) + '0]')",
      "split-giant": "'x'.repeat(4e6).split('')",
      "error-stack-bomb": "const all = []; for (;;) all.push(new Error('x'.repeat(1e3) + all.length))",
      "source-of-many-constants": "CONSTANTS",
    }),
  )("%s: ends with memory_bytes", async (_, script) => {
    const constants = `[${Array.from({ length: 3e5 }, (_, i) => `'s${i}'`).join()}]`;
    const { end, killed } = await attack(script.replace("CONSTANTS", constants));
    expect(end).toMatchObject({ kind: "limit", limit: "memory_bytes", allowed: MEMORY_BYTES });
    expect(killed).toBe(false);
  });

  it.each(
    Object.entries({
      "doubled-string": "let s = 'x'; for (;;) s = s + s",
      "doubled-big-integer": "let x = 3n; for (;;) x = x * x",
      "giant-power": "10n ** 10_000_000n",
      "giant-decimal": "BigInt('9'.repeat(3e6))",
      "growable-shared-array-buffer": "new SharedArrayBuffer(8, { maxByteLength: 2 ** 20 })",
      "apply-with-a-huge-list": "Reflect.apply(Math.max, null, { length: 2 ** 32 - 2 })",
      "array-from-a-huge-array-like": "Array.from({ length: 2 ** 53 - 1 })",
      "normalize-out-of-memory": "const s = 'x'.repeat(3e6); for (;;) s.normalize()",
    }),
  )("%s: is refused as the script's error", async (_, script) => {
    expect((await attack(script)).end.kind).toBe("thrown");
  });

  it.each(
    Object.entries({
      "catch-out-of-memory": "const all = []; for (;;) try { for (;;) all.push(new ArrayBuffer(1e5)) } catch {}",
      "gaps-between-blocks": `const slots = new Array(4e4).fill(null);
        let n = 0;
        for (let size = 1024; ; size *= 2) {
          let m = 0;
          for (let i = 0; i < n; i += 2) slots[m++] = slots[i];
          slots.fill(null, m, n);
          n = m;
          try { while (n < slots.length) { slots[n] = new ArrayBuffer(size - 16); n++ } } catch {}
          slots[--n] = null; slots[--n] = null;
        }`,
      "reallocated-arrays":
        "const all = Array.from({ length: 30 }, () => []); for (;;) for (const a of all) try { for (let i = 0; i < 1e3; i++) a.push(0) } catch {}",
      "transferred-array-buffers":
        "let b = new ArrayBuffer(5e6); for (let i = 0; ; i++) try { b = b.transfer(5e6 + (i % 1000) * 1000) } catch {}",
    }),
  )("%s: holds no more than six times what it may", async (_, script) => {
    const { end } = await play(script, { limits: { cpuMs: 300 } });
    expect(end.kind).toBe("limit");
    const { end: seen } = await play("data.get('look/largest')");
    const largest = seen.kind === "value" ? Number(seen.output) : Number.NaN;
    expect(largest).toBeLessThan(6 * MEMORY_BYTES);
  });

  it("out-of-memory-in-a-host-call: ends with memory_bytes", async () => {
    const fill = "const all = [], s = '\\u20ac'.repeat(3e6); try { for (;;) all.push(new ArrayBuffer(1e5)) } catch {}";
    expect((await attack(`${fill}; print(s)`)).end).toMatchObject({ kind: "limit", limit: "memory_bytes" });
    const read = `try { for (;;) all.push({}) } catch {} data.get('large')`;
    const documents = { large: JSON.stringify("x".repeat(4e6)) };
    expect((await attack(`${fill}; ${read}`, { documents })).end.kind).toMatch(/limit|thrown/);
  });

  it.each([0, 1, 1_000, 300_000])("tiny-memory: a limit of %d bytes ends the script", async (memoryBytes) => {
    const bomb = "const all = []; for (;;) all.push(new ArrayBuffer(1e5))";
    expect((await attack(bomb, { limits: { memoryBytes, cpuMs: 300 } })).end.kind).toMatch(/limit|thrown/);
  });

  it("heavy-plays-in-a-row: what they held is given back", async () => {
    const heavy = () => play("const all = []; for (;;) all.push(new ArrayBuffer(1e6))");
    for (let i = 0; i < 10; i++) await heavy();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 25; i++) await heavy();
    await attack("1");
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MiB);
  });
});
