import { mkdtemp, rm } from "node:fs/promises";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Channel, load, type Measured, openChannel } from "./load.ts";
import { circleKey, dialCircles, makePlays } from "./plays.ts";
import { measureSandbox } from "./sandbox-alone.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { benchVerifiers } from "./verifiers/bench-verifiers.ts";

/** One way to load one server. Every round measures all of them, one after the other, so that noise meets all alike. */
type Case = {
  readonly name: string;
  readonly server: ServerProcess;
  readonly channels: readonly Channel[];
  readonly inFlight: number;
  readonly requests: (seconds: number) => Iterator<{ channel: number; frame: string }>;
};
type Round = Measured & { readonly perCpuSecond: number };

const short = process.argv.includes("--short");
const settings = short
  ? { rounds: 1, seconds: 0.3, circles: 100, sandboxPlays: 2_000, verifierSeconds: 0.1 }
  : { rounds: 5, seconds: 1.5, circles: 1_000, sandboxPlays: 100_000, verifierSeconds: 1 };
/** Plays made ahead for a round; more than any machine of today gets through. */
const MOST_PLAYS_PER_SECOND = 15_000;

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const dbPath = await mkdtemp(join(tmpdir(), "circles-bench-"));
const typescript = new URL("../../scripts/typescript.mjs", import.meta.url).href;
const echo = await startServer(["--import", typescript, path("echo-server.ts")]);
const relay = await startServer([
  path("../bin/circles-relay.cjs"),
  "--port",
  "0",
  "--open",
  "--log-level",
  "warn",
  "--db-path",
  dbPath,
]);
try {
  const cases = await makeCases();
  const rounds = new Map<Case, Round[]>(cases.map((one) => [one, []]));
  for (const one of cases) await measure(one, Math.min(0.5, settings.seconds)); // not counted: until all is warm
  for (let round = 0; round < settings.rounds; round++) {
    for (const one of cases) rounds.get(one)?.push(await measure(one, settings.seconds));
  }
  print(rounds);
  console.log(`\nRSS of the relay at the end: ${(relay.rssBytes() / 2 ** 20).toFixed(0)} MiB`);
} finally {
  await Promise.all([echo.stop(), relay.stop()]);
  await rm(dbPath, { recursive: true });
}
await printSandbox();
console.log("\nSignature checks, side by side");
await benchVerifiers(settings.verifierSeconds);
process.exit(0); // connections of the load are still open

async function makeCases(): Promise<Case[]> {
  const echoChannel = [await openChannel(echo.url)];
  const frame = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "play", params: { script: "1 + 1" } });
  const cases: Case[] = [1, 64].map((inFlight) => ({
    name: "bare ws echo",
    server: echo,
    channels: echoChannel,
    inFlight,
    requests: () => repeat({ channel: 0, frame }),
  }));
  for (const count of [1, settings.circles]) {
    const circles = Array.from({ length: count }, (_, i) => circleKey(count + i));
    const channels = await dialCircles(relay.url, circles);
    for (const inFlight of [1, 64]) {
      for (const writes of [false, true]) {
        for (const signed of [false, true]) {
          const script = writes ? "data.set('n', (data.get('n') ?? 0) + 1)" : "1 + 1";
          const name = `play, ${count} circle${count > 1 ? "s" : ""}, ${writes ? "write" : "no write"}, ${signed ? "signed" : "unsigned"}`;
          const requests = (seconds: number) =>
            makePlays(circles, { script, signed }, Math.ceil(MOST_PLAYS_PER_SECOND * seconds)).values();
          cases.push({ name, server: relay, channels, inFlight, requests });
        }
      }
    }
  }
  return cases;
}

async function measure({ server, channels, inFlight, requests }: Case, seconds: number): Promise<Round> {
  const made = requests(seconds);
  const cpu = server.cpuSeconds();
  const measured = await load(channels, made, { inFlight, seconds });
  const used = server.cpuSeconds() - cpu;
  return { ...measured, perCpuSecond: measured.count / Math.max(used, 0.01) };
}

function print(rounds: ReadonlyMap<Case, readonly Round[]>): void {
  console.log(
    `Node ${process.version}, ${platform()} ${arch()}, ${cpus().length} processors (${cpus()[0]?.model.trim()})`,
  );
  console.log(
    `Medians of ${settings.rounds} interleaved rounds of ${settings.seconds} s; CPU is the server's, user and system.`,
  );
  console.log("Embedded broker, strict durability: a write is answered when its record is synced.\n");
  const echoes = new Map<number, number>();
  const rows = Array.from(rounds, ([{ name, inFlight }, measured]) => {
    const median = (pick: (round: Round) => number) => middle(measured.map(pick));
    const perCpuSecond = median((round) => round.perCpuSecond);
    if (!echoes.has(inFlight)) echoes.set(inFlight, perCpuSecond);
    return {
      what: name,
      "in flight": inFlight,
      "per second": Math.round(median((round) => round.perSecond)),
      "p50 ms": Number(median((round) => round.p50Ms).toFixed(3)),
      "p99 ms": Number(median((round) => round.p99Ms).toFixed(3)),
      "per CPU second": Math.round(perCpuSecond),
      "of echo": `${((perCpuSecond / (echoes.get(inFlight) ?? 1)) * 100).toFixed(1)} %`,
    };
  });
  console.table(rows);
}

async function printSandbox(): Promise<void> {
  const { costs, rssGrowthMiB } = await measureSandbox(settings.sandboxPlays);
  console.log(
    `\nA fresh sandbox context alone, no thread between, ${settings.sandboxPlays} plays each; stale bytes gone`,
  );
  console.table(
    costs.map(({ name, medianUs, p99Us }) => ({
      what: name,
      "median µs": Number(medianUs.toFixed(1)),
      "p99 µs": Number(p99Us.toFixed(1)),
    })),
  );
  console.log(`RSS grew by ${rssGrowthMiB.toFixed(1)} MiB meanwhile.`);
}

function* repeat<T>(value: T): Generator<T> {
  for (;;) yield value;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
