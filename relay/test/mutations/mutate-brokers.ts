// Puts faults into a copy of the brokers, one after the other, and runs what the contract says of any order: it has to
// fail each time. `--short` tries the first of each broker; any other argument, those whose names contain it.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MEMORY_BROKER_MUTATIONS } from "./memory-broker-mutations.ts";
import { type Mutation, mutate } from "./mutation.ts";
import { REDIS_BROKER_MUTATIONS } from "./redis-broker-mutations.ts";

const BROKERS = [
  { test: "memory-broker.test.ts", mutations: MEMORY_BROKER_MUTATIONS },
  { test: "redis/redis-broker.test.ts", mutations: REDIS_BROKER_MUTATIONS },
];
const NOT_COPIED = [".git", "node_modules", "dist"];
/** What the titles of the contract of any order have in common, and no others. */
const ANY_ORDER = "model";
const MOST_MS = 180_000;

const root = fileURLToPath(new URL("../../..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "circles-mutations-"));
const chosen = process.argv[2];
/** After the tests: they are known to pass. */
const isShort = chosen === "--short";

process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(1));

cpSync(root, copy, { recursive: true, filter: (path) => !NOT_COPIED.includes(basename(path)) });
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
for (const mutation of BROKERS.flatMap(({ mutations }) => mutations)) mutate(read(mutation), mutation);

let [tried, found] = [0, 0];
for (const { test, mutations } of BROKERS) {
  const failure = isShort ? undefined : failureOf(test);
  if (failure) throw new Error(`${test}: expected it to pass without a mutation, it failed: ${failure}`);
  for (const mutation of choose(mutations)) {
    const source = read(mutation);
    writeFileSync(pathOf(mutation), mutate(source, mutation));
    const began = performance.now();
    const failure = failureOf(test);
    writeFileSync(pathOf(mutation), source);
    tried += 1;
    if (failure) found += 1;
    const became = failure ? `found in ${Math.round((performance.now() - began) / 1000)} s by ${failure}` : "NOT FOUND";
    process.stdout.write(`${test}: a broker that ${mutation.name}: ${became}\n`);
  }
}
process.stdout.write(`${found} of ${tried} mutations found\n`);
process.exit(found === tried ? 0 : 1);

function choose(mutations: readonly Mutation[]): readonly Mutation[] {
  if (isShort) return mutations.slice(0, 1);
  return mutations.filter(({ name }) => name.includes(chosen ?? ""));
}

function pathOf({ file }: Mutation): string {
  return join(copy, "relay/src/broker", file);
}

function read(mutation: Mutation): string {
  return readFileSync(pathOf(mutation), "utf8");
}

/** The title of the first test that fails; `undefined` if all pass. @throws {Error} if none ran. */
function failureOf(test: string): string | undefined {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const reported = ["--reporter=json", `--outputFile=${report}`];
  const args = ["run", "--project", "node", `relay/src/broker/${test}`, "-t", ANY_ORDER, "--bail", "1", ...reported];
  const noShorter = pathToFileURL(join(copy, "relay/test/mutations/first-failure.mjs")).href;
  const env = { ...process.env, NODE_OPTIONS: `--import ${noShorter}` };
  const { stderr } = spawnSync(process.execPath, [vitest, ...args], {
    cwd: copy,
    env,
    timeout: MOST_MS,
    encoding: "utf8",
  });
  const tests = existsSync(report) ? readResults(report) : [];
  const failed = tests.find(({ status }) => status === "failed");
  if (!failed && tests.some(({ status }) => status === "passed")) return undefined;
  if (!failed) throw new Error(`${test}: expected it to run, it did not: ${stderr}`);
  const [message = ""] = failed.failureMessages;
  if (/error compiling|SyntaxError|Transform failed/i.test(message)) throw new Error(`${test}: ${message}`);
  return failed.title;
}

type Result = { readonly title: string; readonly status: string; readonly failureMessages: readonly string[] };

function readResults(report: string): readonly Result[] {
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as { testResults: { assertionResults: Result[] }[] };
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}
