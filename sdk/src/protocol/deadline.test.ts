import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadline } from "./deadline.ts";
import type { PlayOutput } from "./messages.ts";

const print: PlayOutput = { seq: 1, kind: "print", data: "hello" };
const waiting = (seconds: number): PlayOutput => {
  const expires_at = Math.floor(Date.now() / 1000) + seconds;
  return { seq: 2, kind: "waiting", data: { capability: "write:a", expires_at } };
};
const DAY_S = 24 * 60 * 60;

describe("Deadline", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const start = (deadline: Deadline) => {
    const passed = vi.fn();
    deadline.start(passed);
    return passed;
  };
  /** Milliseconds until it passes. */
  const measure = (passed: () => void) => {
    const from = Date.now();
    while (vi.mocked(passed).mock.calls.length === 0) vi.advanceTimersToNextTimer();
    return Date.now() - from;
  };

  it("[T6] passes after its time, whatever else the play says, and once", () => {
    const deadline = new Deadline(1_000);
    const passed = start(deadline);
    vi.advanceTimersByTime(600);
    deadline.observe(print);
    vi.advanceTimersByTime(399);
    expect(passed).not.toHaveBeenCalled();
    vi.advanceTimersByTime(DAY_S);
    expect(passed).toHaveBeenCalledTimes(1);
  });

  it("[T6] does not pass once it was stopped", () => {
    const deadline = new Deadline(1_000);
    const passed = start(deadline);
    deadline.stop();
    deadline.observe(waiting(1));
    vi.advanceTimersByTime(DAY_S);
    expect(passed).not.toHaveBeenCalled();
  });

  it.each([1, 7 * DAY_S, 60 * DAY_S])("[T6] stands still while the play waits, here for %d s", (seconds) => {
    const deadline = new Deadline(1_000);
    const passed = start(deadline);
    deadline.observe(waiting(seconds));
    expect(measure(passed)).toBe(seconds * 1_000 + 1_000);
  });

  it("[T6] knows that the play waits from before it was started", () => {
    const deadline = new Deadline(1_000);
    deadline.observe(waiting(60));
    expect(measure(start(deadline))).toBe(61_000);
  });

  it("[T6] begins anew when the play goes on, and stands still when it waits again", () => {
    const deadline = new Deadline(1_000);
    const passed = start(deadline);
    deadline.observe(waiting(DAY_S));
    vi.advanceTimersByTime(5_000);
    deadline.observe(print);
    vi.advanceTimersByTime(999);
    expect(passed).not.toHaveBeenCalled();
    deadline.observe(waiting(10));
    vi.advanceTimersByTime(10_000);
    expect(passed).not.toHaveBeenCalled();
    deadline.observe(print);
    expect(measure(passed)).toBe(1_000);
  });

  it("[N4] reads the owner's time by the clock of who said it", () => {
    const deadline = new Deadline(1_000, { clockOffsetMs: 200_000 });
    const passed = start(deadline);
    deadline.observe(waiting(300));
    expect(measure(passed)).toBe(101_000);
  });
});
