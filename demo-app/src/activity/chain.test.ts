import type { LogHead } from "@circles/sdk";
import type { CheckedRecord } from "@circles/sdk/log";
import { describe, expect, it } from "vitest";
import { checkChain } from "./chain.ts";

describe("a log and what its reader kept", () => {
  const record = (seq: number, given: Partial<CheckedRecord> = {}) =>
    ({ record: { seq }, hash: `hash ${seq}`, isHashed: true, ...given }) as CheckedRecord;
  const head = (seq: number, hash = `hash ${seq}`) => ({ seq, hash });
  const log = [record(4), record(5), record(6), record(7)];

  it("[PG13] is whole where each record follows the one before and kept heads stand in it; others are not judged", () => {
    const heads = [head(1), head(3), head(5), head(7), head(9)];
    expect(checkChain(log, { heads })).toEqual({ is: "whole", from: 4, to: 7, heads: 2, unseen: 0 });
    expect(checkChain([], { heads })).toBeUndefined();
    const long = [record(4), record(5, { isHashed: false })];
    expect(checkChain(long, { heads })).toMatchObject({ is: "whole", heads: 1, unseen: 1 });
  });

  it.each<[string, readonly CheckedRecord[], { heads?: LogHead[]; lost?: number }, string]>([
    ["a record does not follow", [record(4), record(5, { fault: "why" })], {}, "why"],
    ["a record is not the one that was answered", log, { heads: [head(6, "other")] }, "record 6 is not the one"],
    ["the newest is not the one that was answered", log, { heads: [head(7, "other")] }, "record 7 is not the one"],
    ["the end was cut off", log, { lost: 8 }, "record 8 was answered, and is not there"],
  ])("[PG13] is broken where %s", (_, records, known, why) => {
    expect(checkChain(records, { heads: [], ...known })).toEqual({ is: "broken", why: expect.stringContaining(why) });
  });
});
