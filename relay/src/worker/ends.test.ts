import { describe, expect, it } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { StorageFull } from "../namespace/file-index.ts";
import type { FinalEnd } from "../namespace/record.ts";
import { CANCELLED, EXPIRED, endOfWrites, loggedEnd, outcomeOf } from "./ends.ts";

const head = { seq: 3, hash: "0".repeat(64) };

describe("ends of plays", () => {
  it.each<[string, Parameters<typeof loggedEnd>[0], FinalEnd]>([
    [
      "a value",
      { kind: "value", output: "[1]", format: "json" },
      { status: "completed", output: "[1]", format: "json" },
    ],
    ["a cancellation", { kind: "cancelled" }, CANCELLED],
    ["lateness", { kind: "late" }, EXPIRED],
    [
      "a limit",
      { kind: "limit", limit: "memory_bytes", used: 9, allowed: 8 },
      {
        status: "error",
        failure: {
          code: -32004,
          message: "limit reached: memory_bytes of 8",
          data: { limit: "memory_bytes", used: 9, allowed: 8 },
        },
      },
    ],
    [
      "a limit of which nobody knows how much was used",
      { kind: "limit", limit: "cpu_ms", allowed: 8 },
      {
        status: "error",
        failure: { code: -32004, message: "limit reached: cpu_ms of 8", data: { limit: "cpu_ms", allowed: 8 } },
      },
    ],
    [
      "the limit of time",
      { kind: "limit", limit: "wall_ms", allowed: 8 },
      {
        status: "error",
        failure: { code: -32005, message: "limit reached: wall_ms of 8", data: { limit: "wall_ms", allowed: 8 } },
      },
    ],
    [
      "an error",
      { kind: "thrown", name: "RangeError", message: "far", stack: "RangeError: far\n    at x", line: 3, column: 13 },
      {
        status: "error",
        failure: {
          code: -32000,
          message: "RangeError: far",
          data: { name: "RangeError", stack: "RangeError: far\n    at x", line: 3, column: 13 },
        },
      },
    ],
    [
      "an error from nowhere",
      { kind: "thrown", name: "Error", message: "", stack: undefined, compiling: true },
      { status: "error", failure: { code: -32000, message: "Error: ", data: { name: "Error" } } },
    ],
  ])("[WK5] %s stands in the log as what its caller is told, so that it can be told again", (_, end, logged) => {
    expect(loggedEnd(end)).toEqual(logged);
    const readAgain = JSON.parse(JSON.stringify(logged)) as FinalEnd;
    expect(outcomeOf(readAgain, head)).toEqual({ ...logged, log: head });
    expect(outcomeOf(loggedEnd(end), head)).toEqual(outcomeOf(readAgain, head));
  });

  it("[WK17] how full a circle is hears its owner alone: a stranger would learn the size of what it writes over", () => {
    const circle = alice.publicKey;
    const endOf = (caller: typeof circle) =>
      endOfWrites(new StorageFull({ used: 12_345, allowed: 100 }), { circle, caller });
    expect(endOf(circle)).toMatchObject({ failure: { data: { used: 12_345, allowed: 100 } } });
    expect(JSON.stringify(endOf(bob.publicKey))).not.toContain("12345");
    expect(endOf(bob.publicKey)).toMatchObject({ failure: { data: { limit: "circle_storage_bytes", allowed: 100 } } });
  });
});
