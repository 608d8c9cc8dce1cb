import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ErrorCode, WireError } from "./errors.ts";

describe("ErrorCode", () => {
  it("[R1] holds the codes that the table of SPEC.md lists, each once", () => {
    const spec = readFileSync(new URL("../../SPEC.md", import.meta.url), "utf8");
    const listed = [...spec.matchAll(/^\| (-32\d{3}) \|/gm)].map(([, code]) => Number(code));
    expect(listed).toHaveLength(Object.values(ErrorCode).length);
    expect(new Set(listed)).toEqual(new Set(Object.values(ErrorCode)));
  });

  it("[R1] keeps ours within what JSON-RPC 2.0 §5.1 leaves to servers", () => {
    const standard = new Set([-32700, -32600, -32601, -32602, -32603]);
    for (const code of Object.values(ErrorCode)) {
      if (!standard.has(code)) expect(code).toSatisfy((code: number) => code >= -32099 && code <= -32000);
    }
  });
});

describe("WireError", () => {
  it("[R1] carries its code, its data and its cause", () => {
    const cause = new Error("disk full");
    const error = new WireError(ErrorCode.Busy, "busy", { retry_after_ms: 10 }, { cause });
    expect(error).toMatchObject({
      name: "WireError",
      code: -32007,
      message: "busy",
      data: { retry_after_ms: 10 },
      cause,
    });
    expect(error).toBeInstanceOf(Error);
  });
});
