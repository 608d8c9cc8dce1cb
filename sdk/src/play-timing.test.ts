import { describe, expect, it } from "vitest";
import { isPlayTiming } from "./play-timing.ts";

const timing = { relay_ms: 10, run_ms: 7, commit_ms: 3 };

describe("the timing of a play", () => {
  it.each([timing, { relay_ms: 0, run_ms: 0, commit_ms: 0 }, { ...timing, more: "of a later version" }])(
    "[M17] is taken as %j",
    (given) => {
      expect(isPlayTiming(given)).toBe(true);
    },
  );

  it.each([
    undefined,
    null,
    10,
    "10",
    [],
    {},
    { relay_ms: 10, run_ms: 1 },
    { ...timing, relay_ms: "10" },
    { ...timing, relay_ms: 9.99 },
    { ...timing, relay_ms: Number.POSITIVE_INFINITY },
    { ...timing, run_ms: -1 },
    { ...timing, commit_ms: null },
    { ...timing, commit_ms: Number.NaN },
  ])("[M17] is none where it is %j", (given) => {
    expect(isPlayTiming(given)).toBe(false);
  });
});
