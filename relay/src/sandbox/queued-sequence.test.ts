import { describe, expect, it } from "vitest";
import { QueuedSequence } from "./queued-sequence.ts";
import type { ScriptResult } from "./sandbox.ts";

const killed: ScriptResult = { end: { kind: "cancelled" }, writes: [], cpuMs: 0, killed: true, used: [] };
const value = (output: string): ScriptResult => ({
  end: { kind: "value", format: "json", output },
  writes: [],
  cpuMs: 0,
  killed: false,
  used: [],
});

describe("QueuedSequence", () => {
  it("[SB14] what a thread that was given up reports late belongs to none of its plays", async () => {
    const plays = ["1", "2", "3"].map((script) => ({ script, args: "null", caller: "alice", authority: "" }));
    const sequence = new QueuedSequence({ circle: "bob", snapshot: {}, plays });
    const [, second, third] = sequence.dispatch().plays.map(({ number }) => number);
    if (second === undefined || third === undefined) throw new Error("expected three plays");
    sequence.endAt(second, killed);
    const [again, ...others] = sequence.dispatch().plays;
    expect(others).toEqual([]); // the second has its end, and the third waits for it
    expect([second, third, 0].map((number) => sequence.has(number))).toEqual([false, false, false]);
    expect(sequence.has(again?.number ?? 0)).toBe(true);
    sequence.settle(value("1"));
    sequence.settle(value("3"));
    expect(await Promise.all(sequence.results)).toEqual([value("1"), killed, value("3")]);
  });
});
