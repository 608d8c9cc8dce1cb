import { expect, it } from "vitest";
import { RateWindows } from "./rate-windows.ts";

const rates = { perCaller: 2, inTotal: 3 };
const use = (caller: string) => ({ circle: "c", grant: "g", caller, rates });

it("[WK16] plays per minute are counted by caller and in total, from the first on, and given back where unused", () => {
  const windows = new RateWindows();
  windows.reserve(use("bob"), 1_000);
  windows.reserve(use("bob"), 2_000);
  expect(windows.exhausted(use("bob"), 3_000)).toEqual({ allowed: 2, retryAfterMs: 58_000 });
  expect(windows.exhausted(use("mallory"), 3_000)).toBeUndefined();
  windows.reserve(use("mallory"), 4_000);
  expect(windows.exhausted(use("mallory"), 5_000)).toEqual({ allowed: 3, retryAfterMs: 56_000 });
  windows.giveBack(use("bob"));
  expect([windows.exhausted(use("bob"), 5_000), windows.exhausted(use("mallory"), 5_000)]).toEqual([
    undefined,
    undefined,
  ]);
  windows.reserve(use("mallory"), 6_000);
  expect(windows.exhausted(use("bob"), 60_999)).toBeDefined();
  expect(windows.exhausted(use("bob"), 61_000)).toBeUndefined();
});

it("[WK16] a grant of no plays is used up at once, and one without a rate never", () => {
  const windows = new RateWindows();
  expect(windows.exhausted({ ...use("bob"), rates: { perCaller: 0 } }, 0)).toEqual({
    allowed: 0,
    retryAfterMs: 60_000,
  });
  for (let i = 0; i < 100; i++) windows.reserve({ ...use("bob"), rates: {} }, 0);
  expect(windows.exhausted({ ...use("bob"), rates: {} }, 0)).toBeUndefined();
});
