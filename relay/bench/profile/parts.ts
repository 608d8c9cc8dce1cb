import type { Frame, Sampled } from "./cpu-profile.ts";

/** A part of a play, and the files whose work it is. */
type Rule = { readonly part: string; readonly files: RegExp; readonly functions?: RegExp };

/** What V8 names a collection of garbage, whoever made it. */
const COLLECTOR = "(garbage collector)";
const REST = "Node, the rest";

/** The first that fits says which part a frame belongs to. */
const MAIN: readonly Rule[] = [
  { part: "reply", files: /\/protocol\/frames\./, functions: /^write/ },
  { part: "reply", files: /\/ws\/lib\/sender\.|\/gateway\/connection\./, functions: /^(?!playing)/ },
  { part: "frame parsing", files: /\/protocol\/|\/ws\/lib\/|\/gateway\/gateway\./ },
  { part: "gateway", files: /\/dist\/gateway\// },
  { part: "signature check", files: /\/dist\/signatures\/|\/worker\/proof\.|\/secp256k1\/|\/libauth\// },
  { part: "Redis", files: /\/broker\/redis\/|\/@redis\/|\/broker\/sharded-broker\./ },
  { part: "broker", files: /\/dist\/broker\// },
  { part: "thread hop", files: /\/dist\/sandbox\/|\/comlink\// },
  { part: "commit", files: /\/dist\/namespace\/|\/worker\/finishing\./ },
  { part: "worker and policy", files: /\/dist\/(worker|policy)\// },
  { part: "metrics", files: /\/dist\/(metrics|bin)\/|\/prom-client\// },
];

const THREAD: readonly Rule[] = [
  { part: "reset", files: /\/quickjs-instance\./, functions: /reset/ },
  { part: "reset", files: /\/quickjs-engine\./, functions: /^restore$/ },
  { part: "host calls", files: /\/(host-calls|file-calls|sequence-snapshot)\.|\/dist\/(namespace|policy|worker)\// },
  { part: "compile and run", files: /^wasm:|\/(quickjs-engine|quickjs-instance|script-prelude)\./ },
  { part: "thread hop", files: /\/dist\/sandbox\/|\/comlink\// },
];

/** The part of a play that a thread is at: that of the innermost frame which is in any. */
export function partOf(stack: readonly Frame[], thread: "main" | "play"): string {
  if (stack[0]?.functionName === COLLECTOR) return "garbage collection";
  const rules = thread === "main" ? MAIN : THREAD;
  for (const { url, functionName } of stack) {
    const rule = rules.find(({ files, functions }) => files.test(url) && (functions?.test(functionName) ?? true));
    if (rule) return rule.part;
  }
  return REST;
}

/** Microseconds of each part, most first. */
export function sumOfParts(sampled: readonly Sampled[], thread: "main" | "play"): Map<string, number> {
  return sumBy(sampled, ({ stack }) => partOf(stack, thread));
}

/** Microseconds of each function itself, what it calls left out; most first. */
export function sumOfFunctions(sampled: readonly Sampled[]): Map<string, number> {
  return sumBy(sampled, ({ stack: [innermost] }) => (innermost ? nameOf(innermost) : REST));
}

function sumBy(sampled: readonly Sampled[], keyOf: (sampled: Sampled) => string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const one of sampled) sums.set(keyOf(one), (sums.get(keyOf(one)) ?? 0) + one.us);
  return new Map(Array.from(sums).toSorted(([, a], [, b]) => b - a));
}

/** `append (namespace/log.js:12)`. */
function nameOf({ functionName, url, lineNumber }: Frame): string {
  const name = functionName || "(anonymous)";
  const file = url.split("/").slice(-2).join("/");
  return url === "" || url.startsWith("wasm:") ? name : `${name} (${file}:${lineNumber + 1})`;
}
