import { describe, expect, it } from "vitest";
import { poolUnderAttack } from "./pool-under-attack.ts";

/** Built-ins that never ask whether they should stop. */
const UNSTOPPABLE = {
  "reverse-of-a-huge-array-like": "[].reverse.call({ length: 2 ** 53 - 1 })",
  "join-of-a-huge-array": "Array(2 ** 32 - 2).join()",
  "sort-of-a-huge-array": "Array(2 ** 32 - 1).sort()",
  "copy-within-a-huge-array-like": "[].copyWithin.call({ length: 2 ** 53 - 1 }, 0, 2)",
  "splice-of-a-huge-array-like": "[].splice.call({ length: 2 ** 53 - 1 }, 0, 1)",
  "unshift-of-a-huge-array-like": "[].unshift.call({ length: 2 ** 53 - 5 }, 1)",
  "flat-of-a-huge-array-like": "[].flat.call({ length: 2 ** 53 - 1 })",
  "compiling-many-variables": Array.from({ length: 7e4 }, (_, i) => `let v${i};`).join(""),
};

/** The same, after steps that do ask: on a busy machine these may use up the time. */
const PREPARED = {
  "normalize-of-many-marks": "const s = 'a' + '\\u0301\\u0323'.repeat(5e5); for (;;) s.normalize('NFD')",
  "long-prototype-chain": "let o = null; for (let i = 0; i < 5e4; i++) o = Object.create(o); for (;;) o.x",
  "nested-stringify": "let a = []; for (let i = 0; i < 4e4; i++) a = [a]; JSON.stringify(a)",
  "nested-result": "let a = []; for (let i = 0; i < 4e4; i++) a = [a]; a",
  "large-regular-expression-class":
    "new RegExp('[' + Array.from({ length: 1e5 }, (_, i) => String.fromCharCode(i % 65000)).join('') + ']', 'iu')",
};

describe("what the engine cannot stop", () => {
  const { attack } = poolUnderAttack({ graceMs: 50, limits: { cpuMs: 250 } });

  it.each(Object.entries(UNSTOPPABLE))("%s: its thread is killed, the next one plays", async (_, script) => {
    const { end, writes, killed, events } = await attack(`data.set('a', 1); ${script}`);
    expect(end).toEqual({ kind: "limit", limit: "cpu_ms", allowed: 250 });
    expect(killed).toBe(true);
    expect(writes).toEqual([]);
    expect(events).toEqual([]);
  });

  it.each(Object.entries(PREPARED))("%s: ends with cpu_ms, the next one plays", async (_, script) => {
    const { end, writes } = await attack(`data.set('a', 1); ${script}`);
    expect(end).toMatchObject({ kind: "limit", limit: "cpu_ms", allowed: 250 });
    expect(writes).toEqual([]);
  });
});
