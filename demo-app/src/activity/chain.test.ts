import type { LogRecord } from "@circles/sdk";
import { describe, expect, it } from "vitest";
import { checkChain } from "./chain.ts";

describe("a log and what its reader kept", () => {
  const record = (seq: number, of = ""): LogRecord =>
    ({ seq, prev: `${of}${seq - 1}`, at: "", kind: "checkpoint" }) as unknown as LogRecord;
  const head = (seq: number, of = "") => ({ seq, hash: `${of}${seq}` as never });
  const log = [record(4), record(5), record(6), record(7)];

  it("[PG13] is whole where all follow each other and kept heads stand in it; others are not judged", () => {
    expect(checkChain(log, [head(1), head(3), head(5), head(7)])).toEqual({ is: "whole", from: 4, to: 7, heads: 2 });
    expect(checkChain([], [])).toBeUndefined();
  });

  it.each([
    ["a record is left out", [record(4), record(6)], [], 5],
    ["a record was replaced", [record(4), record(5), record(6, "x")], [head(5)], 5],
    ["the end was cut off", log, [head(8)], 8],
  ])("[PG13] is broken where %s", (_, records, heads, at) => {
    expect(checkChain(records, heads)).toMatchObject({ is: "broken", at });
  });
});
