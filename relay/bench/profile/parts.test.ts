import { describe, expect, it } from "vitest";
import { busyIn, type CpuProfile } from "./cpu-profile.ts";
import { partOf, sumOfFunctions, sumOfParts } from "./parts.ts";

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 0 });
const LOG = "file:///relay/dist/namespace/log.js";
const SERVE = "file:///relay/dist/worker/serve-claim.js";

/** `serve` calls `append`, which calls Node's `hash`; between them the thread waits. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 5] },
    { id: 2, callFrame: frame("serve", SERVE), children: [3] },
    { id: 3, callFrame: frame("append", LOG), children: [4] },
    { id: 4, callFrame: frame("hash", "node:internal/crypto/hash") },
    { id: 5, callFrame: frame("(idle)") },
  ],
  startTime: 1_000,
  samples: [2, 4, 5, 3, 4],
  timeDeltas: [10, 20, 30, 40, 50],
};

describe("the profile of a play", () => {
  it("counts what Node does for a part as that part's, and time asleep as nobody's", () => {
    const sampled = busyIn(profile, { from: 0, to: Number.POSITIVE_INFINITY });
    expect([...sumOfParts(sampled, "main")]).toEqual([
      ["commit", 110],
      ["worker and policy", 10],
    ]);
    expect([...sumOfFunctions(sampled)][0]).toEqual(["hash (crypto/hash:1)", 70]);
  });

  it("leaves out what came before and after the load", () => {
    const sampled = busyIn(profile, { from: 1_030, to: 1_110 });
    expect([...sumOfParts(sampled, "main")]).toEqual([["commit", 60]]);
  });

  it("tells reset, host calls and the script itself apart in a play's thread", () => {
    const wasm = frame("wasm-function[92]", "wasm://wasm/0026e776");
    const engine = frame("evaluate", "file:///relay/dist/sandbox/quickjs-engine.js");
    const call = frame("call", "file:///relay/dist/sandbox/host-calls.js");
    expect(partOf([wasm, engine], "play")).toBe("compile and run");
    expect(partOf([frame("openSync", "node:fs"), call, wasm, engine], "play")).toBe("host calls");
    expect(partOf([frame("restore", engine.url), engine], "play")).toBe("reset");
    expect(partOf([frame("(garbage collector)"), call], "play")).toBe("garbage collection");
    expect(partOf([frame("(program)")], "play")).toBe("Node, the rest");
  });
});
