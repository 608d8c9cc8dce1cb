import { expect, it } from "vitest";
import { RateWindows } from "./rate-windows.ts";

const rates = { perCaller: 2, inTotal: 3 };
const use = (caller: string) => ({ circle: "c", grant: "g", caller, rates });

it("[WK16] plays per minute are counted by caller and in total, from the first on, and given back where unused", () => {
  const windows = new RateWindows();
  windows.reserve(use("bob"), 1_000);
  const unused = use("bob");
  windows.reserve(unused, 2_000);
  expect(windows.exhausted(use("bob"), 3_000)).toEqual({ allowed: 2, retryAfterMs: 58_000 });
  expect(windows.exhausted(use("mallory"), 3_000)).toBeUndefined();
  windows.reserve(use("mallory"), 4_000);
  expect(windows.exhausted(use("mallory"), 5_000)).toEqual({ allowed: 3, retryAfterMs: 56_000 });
  windows.giveBack(unused);
  windows.giveBack(unused);
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

it("[WK16] a play that is given back late does not make room in a minute that began meanwhile", () => {
  const windows = new RateWindows();
  const late = { ...use("bob"), rates: { perCaller: 1 } };
  windows.reserve(late, 0);
  const used = { ...late };
  windows.reserve(used, 60_000);
  windows.giveBack(late);
  expect(windows.exhausted(used, 60_001)).toEqual({ allowed: 1, retryAfterMs: 59_999 });
});

it("[WK16] where both rates are used up, the later of both says when to try again", () => {
  const windows = new RateWindows();
  const both = { ...use("bob"), rates: { perCaller: 1, inTotal: 2 } };
  windows.reserve({ ...both, caller: "mallory" }, 0);
  windows.reserve(both, 30_000);
  expect(windows.exhausted(both, 31_000)).toEqual({ allowed: 1, retryAfterMs: 59_000 });
  windows.reserve({ ...both, caller: "mallory" }, 61_000);
  windows.reserve({ ...both, caller: "alice" }, 61_000);
  expect(windows.exhausted(both, 62_000)).toEqual({ allowed: 2, retryAfterMs: 59_000 });
});
