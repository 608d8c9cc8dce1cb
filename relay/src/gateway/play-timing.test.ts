import { describe, expect, it } from "vitest";
import type { Outcome } from "../task.ts";
import { timingOf } from "./play-timing.ts";

const ended = { status: "completed", output: "1", format: "json", log: { seq: 1, hash: "00".repeat(32) } } as const;
const timed = (run_ms: unknown, commit_ms: unknown) => ({ ...ended, timing: { run_ms, commit_ms } }) as Outcome;

describe("the timing of a play", () => {
  it("[GW22] is the gateway's time and the worker's, each to 0.1 ms", () => {
    expect(timingOf(timed(1.23456, 2), 10.005001)).toEqual({ relay_ms: 10, run_ms: 1.2, commit_ms: 2 });
    expect(timingOf(timed(0.36, 0.36), 0.73)).toEqual({ relay_ms: 0.7, run_ms: 0.3, commit_ms: 0.3 });
    expect(timingOf(timed(0, 0), 0)).toEqual({ relay_ms: 0, run_ms: 0, commit_ms: 0 });
  });

  it.each<[string, Outcome, number]>([
    ["an outcome that was remembered", ended, 10],
    ["a play that did not complete", { status: "denied", failure: { code: -32003, message: "denied" } }, 10],
    ["a play that ran before it was asked for here", timed(6, 5), 10],
    ["a run of less than no time", timed(-1, 5), 10],
    ["a commit of less than no time", timed(1, -5), 10],
    ["what is no time", timed("one", 5), 10],
    ["time without end", timed(1, Number.POSITIVE_INFINITY), 10],
  ])("[GW22] is left out of %s", (_, outcome, relayMs) => {
    expect(timingOf(outcome, relayMs)).toBeUndefined();
  });
});
