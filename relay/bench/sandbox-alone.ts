import { compileEngine } from "../src/sandbox/pool-node.ts";
import { QuickjsInstance } from "../src/sandbox/quickjs-instance.ts";
import { DEFAULT_LIMITS } from "../src/sandbox/sandbox.ts";

const DOCUMENT = '["of a circle"]';
const LIBRARY = `export function sign(name) {
  const guests = data.get("guests");
  guests.push({ name, key: CALLER_PUBLIC_KEY });
  data.set("guests", guests);
  return guests.length;
}`;

const SIGN_ALONE = `const guests = data.get("guests");
guests.push({ name: "x", key: CALLER_PUBLIC_KEY });
data.set("guests", guests);
guests.length`;

export type SandboxCost = { readonly name: string; readonly medianUs: number; readonly p99Us: number };

/** The cost of a fresh context and a trivial script, on this thread alone, and what memory does over many plays. */
export async function measureSandbox(plays: number): Promise<{ costs: SandboxCost[]; rssGrowthMiB: number }> {
  const instance = new QuickjsInstance(await compileEngine());
  const libraries = Array.from({ length: 20 }, (_, i) => `/* ${i} */ ${LIBRARY}`);
  const run = (script: string, circle: number, caller = "a") => {
    const { end } = instance.run({
      script,
      args: "null",
      caller,
      circle: String(circle),
      snapshot: {
        pathOf: (kind, name) => (kind === "document" ? `data/${name}.json` : `data/${name}`),
        readText: (path) => (path === "config/library.js" ? libraries[circle] : DOCUMENT),
        readBase64: () => undefined,
        list: () => [],
      },
      limits: DEFAULT_LIMITS,
      emit: () => {},
      cancelled: () => false,
      authority: () => undefined,
      tools: { call: () => undefined },
    });
    if (end.kind !== "value") throw new Error(`sandbox: ${JSON.stringify(end)}`);
  };
  const measure = (
    name: string,
    script: string,
    circleOf: (i: number) => number,
    { callerOf, times = new Float64Array(plays) }: { callerOf?: (i: number) => string; times?: Float64Array } = {},
  ): SandboxCost => {
    for (let i = 0; i < times.length; i++) {
      const start = performance.now();
      run(script, circleOf(i), callerOf?.(i));
      times[i] = (performance.now() - start) * 1000;
    }
    times.sort();
    return { name, medianUs: times[times.length >> 1] ?? 0, p99Us: times[Math.floor(times.length * 0.99)] ?? 0 };
  };
  for (let i = 0; i < 2_000; i++) run("1 + 1", 0); // until V8 has compiled what is hot
  const before = process.memoryUsage().rss;
  const hostCalls = "const v = data.get('k'); data.set('l', v); data.has('l'); CALLER_PUBLIC_KEY + v";
  const costs = [
    measure("trivial script, one circle", "1 + 1", () => 0),
    measure("trivial script, circles alternating", "1 + 1", (i) => i % 2),
    measure("three host calls, circles alternating", hostCalls, (i) => i % 2),
    measure("the same as the library's, called by nobody", SIGN_ALONE, () => 0),
    measure("one call of a warm library, one caller", "circle.sign('x')", () => 0),
    measure("one call of a warm library, callers alternating", "circle.sign('x')", () => 0, {
      callerOf: (i) => String(i % 2),
    }),
    measure("ten calls of a warm library", "for (let i = 0; i < 10; i++) circle.sign('x')", () => 0),
    measure("one call of a warm library, circles alternating", "circle.sign('x')", (i) => i % 2),
    measure("one call of a cold library", "circle.sign('x')", (i) => i % libraries.length, {
      times: new Float64Array(plays / 20), // each makes an engine
    }),
  ];
  return { costs, rssGrowthMiB: (process.memoryUsage().rss - before) / 2 ** 20 };
}

if (import.meta.filename === process.argv[1]) {
  const plays = process.argv.includes("--short") ? 2_000 : 100_000;
  const { costs, rssGrowthMiB } = await measureSandbox(plays);
  console.log(`A fresh sandbox context alone, no thread between, ${plays} plays each; stale bytes gone`);
  console.table(
    costs.map(({ name, medianUs, p99Us }) => ({
      what: name,
      "median µs": Number(medianUs.toFixed(1)),
      "p99 µs": Number(p99Us.toFixed(1)),
    })),
  );
  console.log(`RSS grew by ${rssGrowthMiB.toFixed(1)} MiB meanwhile.`);
}
