import { compileEngine } from "../src/sandbox/pool-node.ts";
import { QuickjsInstance } from "../src/sandbox/quickjs-instance.ts";
import { DEFAULT_LIMITS } from "../src/sandbox/sandbox.ts";

export type SandboxCost = { readonly name: string; readonly medianUs: number; readonly p99Us: number };

/** The cost of a fresh context and a trivial script, on this thread alone, and what memory does over many plays. */
export async function measureSandbox(plays: number): Promise<{ costs: SandboxCost[]; rssGrowthMiB: number }> {
  const instance = new QuickjsInstance(await compileEngine());
  const documents = [new Map([["k", '"of one"']]), new Map([["k", '"of the other"']])];
  const run = (script: string, circle: number) => {
    const snapshot = { checkName: () => {}, read: (name: string) => documents[circle]?.get(name), list: () => [] };
    const { end } = instance.run({
      script,
      args: "null",
      caller: "a",
      circle: String(circle),
      snapshot,
      limits: DEFAULT_LIMITS,
      emit: () => {},
      cancelled: () => false,
    });
    if (end.kind !== "value") throw new Error(`sandbox: ${JSON.stringify(end)}`);
  };
  const measure = (name: string, script: string, circleOf: (i: number) => number): SandboxCost => {
    const times = new Float64Array(plays);
    for (let i = 0; i < plays; i++) {
      const start = performance.now();
      run(script, circleOf(i));
      times[i] = (performance.now() - start) * 1000;
    }
    times.sort();
    return { name, medianUs: times[plays >> 1] ?? 0, p99Us: times[Math.floor(plays * 0.99)] ?? 0 };
  };
  for (let i = 0; i < 2_000; i++) run("1 + 1", 0); // until V8 has compiled what is hot
  const before = process.memoryUsage().rss;
  const hostCalls = "const v = data.get('k'); data.set('l', v); data.has('l'); CALLER_PUBLIC_KEY + v";
  const costs = [
    measure("trivial script, one circle", "1 + 1", () => 0),
    measure("trivial script, circles alternating", "1 + 1", (i) => i % 2),
    measure("three host calls, circles alternating", hostCalls, (i) => i % 2),
  ];
  return { costs, rssGrowthMiB: (process.memoryUsage().rss - before) / 2 ** 20 };
}
