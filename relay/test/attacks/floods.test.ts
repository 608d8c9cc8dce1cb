import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type LimitName, type Limits } from "../../src/sandbox/sandbox.ts";
import { poolUnderAttack } from "./pool-under-attack.ts";

const KiB = 1024;

describe("floods", () => {
  const { attack } = poolUnderAttack();

  it.each([
    ["print-flood", "events", "for (;;) print(1)"],
    ["print-flood-that-catches", "events", "for (;;) try { print(1) } catch {}"],
    [
      "print-flood-from-jobs",
      "events",
      "const f = () => { print(1); queueMicrotask(f) }; f(); await new Promise(() => {})",
    ],
    [
      "print-flood-from-getters",
      "events",
      "const o = { get a() { print(1); return o.a } }; for (;;) try { o.a } catch {}",
    ],
    ["print-flood-from-to-json", "events", "const o = { toJSON() { for (;;) print(1) } }; o"],
    ["print-flood-when-thrown", "events", "throw { get message() { for (;;) print(1) } }"],
    ["progress-flood", "events", "for (;;) progress(0.5)"],
    ["giant-print", "event_bytes", "print('x'.repeat(7e6))"],
    ["giant-print-of-controls", "event_bytes", "print('\\u0001'.repeat(3e5))"],
    ["giant-print-of-many-values", "event_bytes", "print(...Array(6e4).fill('x'.repeat(100)))"],
    ["giant-note", "event_bytes", "progress(0, 'x'.repeat(1e6))"],
    ["many-large-prints", "event_bytes", "for (;;) print('x'.repeat(6e4))"],
    ["giant-result", "output_bytes", "'x'.repeat(1e6)"],
    ["giant-result-of-objects", "output_bytes", "Array(2e5).fill({})"],
    ["giant-result-of-controls", "output_bytes", "'\\u0001'.repeat(1e5)"],
    ["giant-result-in-utf-8", "output_bytes", "'\\u20ac'.repeat(2e5)"],
    ["storage-flood", "storage_bytes", "for (let i = 0; ; i++) data.set(`d${i}`, 'x'.repeat(1e5))"],
    [
      "storage-flood-that-catches",
      "storage_bytes",
      "for (let i = 0; ; i++) try { data.set(`d${i}`, 'x'.repeat(1e5)) } catch {}",
    ],
    ["tiny-documents", "storage_bytes", "for (let i = 0; ; i++) data.set(`${i}`, 0)"],
    ["giant-document", "storage_bytes", "data.set('a', 'x'.repeat(5e6))"],
    ["giant-name", "storage_bytes", "data.set('x'.repeat(5e6), 1)"],
    ["deletions-and-writes", "storage_bytes", "for (let i = 0; ; i++) { data.set(`${i}`, 1); data.delete(`${i}`) }"],
  ] as const)("%s: reaches %s", async (_, limit, script) => {
    const { end, writes, events } = await attack(script);
    expect(end).toMatchObject({ kind: "limit", limit, allowed: DEFAULT_LIMITS[LIMIT_OF[limit]] });
    expect(writes).toEqual([]);
    expect(events.length).toBeLessThanOrEqual(DEFAULT_LIMITS.events);
    const bytes = Buffer.byteLength(JSON.stringify(events.map(({ data }) => data)));
    expect(bytes).toBeLessThanOrEqual(DEFAULT_LIMITS.eventBytes + 2 * KiB);
  });

  it.each([
    ["giant-error-message", "throw new Error('x'.repeat(5e6))"],
    ["giant-error-name", "throw { name: 'x'.repeat(5e6), message: 'y'.repeat(2e6), stack: 'z'.repeat(2e6) }"],
    ["giant-stack", "const e = new Error('x'); e.stack = '    at f (script:1:1)\\n'.repeat(1e5); throw e"],
    ["giant-function-name", "const f = { ['f'.repeat(1e5)]() { throw new Error('x') } }; Object.values(f)[0]()"],
    ["giant-syntax-error", "eval('x'.repeat(1e6) + ' y')"],
    [
      "slow-stack",
      "const e = new Error('x'); e.stack = `    at ${'('.repeat(2000)}${' script:1:1'.repeat(200)}`; throw e",
    ],
  ])("%s: is cut short", async (_, script) => {
    const { end } = await attack(script);
    expect(end.kind).toBe("thrown");
    expect(JSON.stringify(end).length).toBeLessThan(64 * KiB);
  });

  it("rejection-flood: promises that nobody handles end nothing", async () => {
    const { end } = await attack("for (let i = 0; i < 1e4; i++) Promise.reject(new Error(`unhandled ${i}`)); 'done'");
    expect(end).toMatchObject({ output: "done" });
    const late = "setTimeout = undefined; queueMicrotask(() => { throw new Error('in a job') }); await null; 'done'";
    expect((await attack(late)).end).toMatchObject({ output: "done" });
  });

  it("endless-rejections: end with cpu_ms", async () => {
    const script = "const f = () => Promise.reject(1).finally(f); f(); await new Promise(() => {})";
    expect((await attack(script, { limits: { cpuMs: 50 } })).end).toMatchObject({ limit: "cpu_ms" });
  });

  it.each([
    ["half-a-character-printed", "print('a\\ud800b'); 1"],
    ["half-a-character-noted", "progress(0, '\\udc00'); 1"],
    ["half-a-character-returned", "'\\ud83d'"],
    ["half-a-character-inside", "({ '\\ud800': ['\\udfff'] })"],
    ["half-a-character-thrown", "throw new Error('\\ud800')"],
    ["half-a-character-stored", "data.set('a', { '\\ud800': '\\udc00' }); data.get('a')"],
    ["half-a-character-in-a-name", "data.set('\\ud800', 1); data.get('\\ud800')"],
    ["half-a-character-cut-in-two", "throw new Error('x'.repeat(4095) + '\\u{1f600}')"],
    ["byte-order-mark", "print('\\ufeffa'); data.set('\\ufeffa', 1); data.has('a')"],
    ["nul-characters", "print('a\\0b'); data.set('a\\0b', '\\0'); data.get('a\\0b')"],
  ])("%s: comes through as JSON can carry it", async (_, script) => {
    const { end, events, writes } = await attack(script);
    expect(JSON.parse(JSON.stringify({ end, events, writes }))).toEqual({ end, events, writes });
    for (const { content } of writes) if (content && "json" in content) JSON.parse(content.json);
    for (const { kind, data } of events) if (kind === "print") expect(data.isWellFormed()).toBe(true);
  });

  it("byte-order-mark-in-a-name: names two documents, not one", async () => {
    const { writes } = await attack("data.set('\\ufeffa', 1); data.set('a', 2); data.delete('\\ufeffa')");
    expect(writes).toEqual([
      { path: "data/\ufeffa.json", content: null },
      { path: "data/a.json", content: { json: "2" } },
    ]);
  });

  it("nothing-allowed: limits of nothing end the script", async () => {
    const nothing = { cpuMs: 0, wallMs: 0, outputBytes: 0, events: 0, eventBytes: 0, storageBytes: 0 };
    for (const name of Object.keys(nothing) as (keyof typeof nothing)[]) {
      const { end } = await attack("for (let i = 0; i < 2e4; i++); print(1); data.set('a', 1); 'x'", {
        limits: { [name]: 0 },
      });
      expect(end, name).toMatchObject({ kind: "limit", allowed: 0 });
    }
  });
});

const LIMIT_OF = {
  events: "events",
  event_bytes: "eventBytes",
  output_bytes: "outputBytes",
  storage_bytes: "storageBytes",
} as const satisfies Partial<Record<LimitName, keyof Limits>>;
