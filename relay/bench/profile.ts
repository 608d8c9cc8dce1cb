/**
 * Where the time of one play goes: an embedded relay, or one with `--redis`, profiled under a steady signed load. `--write`
 * has plays write, `--many` plays in 1,000 circles, `--brief` shows only that it works.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEmbedded, startThroughRedis } from "./contenders/circles.ts";
import type { Contender } from "./contenders/contender.ts";
import { withFolderBesideCircles } from "./disk.ts";
import { load } from "./load.ts";
import { usageOf } from "./process-usage.ts";
import { busyIn, type CpuProfile } from "./profile/cpu-profile.ts";
import { sumOfFunctions, sumOfParts } from "./profile/parts.ts";
import { drawParts } from "./profile/parts-chart.ts";

const SAMPLE_EVERY_US = 200;
const IN_FLIGHT = 64;
/** More than any machine of today gets through; they are signed before the load begins. */
const MOST_PER_SECOND = 12_000;
const FUNCTIONS_SHOWN = 15;
const DOCS = fileURLToPath(new URL("../../docs/benchmarks", import.meta.url));

const has = (flag: string) => process.argv.includes(flag);
const [isBrief, throughRedis] = [has("--brief"), has("--redis")];
const seconds = isBrief ? 0.3 : 5;
const [population, work] = [has("--many") ? "many" : "one", has("--write") ? "write" : "read"];
const what = `${throughRedis ? "through Redis" : "embedded"}, ${population === "one" ? "one circle" : "many circles"}, ${work}`;
const name = [throughRedis ? "redis" : "embedded", population, work].join("-");

const { measured, threads, cpuUs } = await withFolderBesideCircles(profile);
const rows = (["main", "play"] as const).map((thread) => ({
  label: thread === "main" ? "main thread" : "play threads, together",
  sampled: threads.filter((each) => each.thread === thread).flatMap((each) => each.sampled),
  thread,
}));
const perPlay = (sums: Map<string, number>) => new Map(Array.from(sums, ([key, us]) => [key, us / measured.count]));

const drawn = rows.map(({ label, sampled, thread }) => ({ label, parts: perPlay(sumOfParts(sampled, thread)) }));
console.log(
  `\n${name}: ${measured.perSecond.toFixed(0)} plays/s under the profiler, ${cpuUs.toFixed(0)} µs of CPU each\n`,
);
for (const [i, { label, parts }] of drawn.entries()) {
  console.log(`${label}, µs of one play by part`);
  print(parts);
  console.log(`${label}, µs of one play by function`);
  print(new Map([...perPlay(sumOfFunctions(rows[i]?.sampled ?? []))].slice(0, FUNCTIONS_SHOWN)));
}
const note = `${measured.count.toLocaleString("en")} plays, ${IN_FLIGHT} in flight, sampled every ${SAMPLE_EVERY_US} µs; a thread that others keep from running counts as busy`;
const folder = isBrief ? join(tmpdir(), "circles-bench-brief") : DOCS; // what a brief run finds is no figure
await mkdir(folder, { recursive: true });
const file = join(folder, `profile-${name}.svg`);
await writeFile(file, drawParts({ title: `Microseconds of one play, ${what}`, note, rows: drawn }));
console.log(`drawn in ${file}`);
process.exit(0); // connections of the load are still open

/** Loads a relay and answers what its threads did meanwhile. They write it down when they end. */
async function profile(folder: string) {
  const profiles = join(folder, "profiles");
  const start = throughRedis ? startThroughRedis : startEmbedded;
  const node = ["--cpu-prof", `--cpu-prof-interval=${SAMPLE_EVERY_US}`, `--cpu-prof-dir=${profiles}`];
  const relay: Contender = await start({ folder, many: isBrief ? 20 : 1_000, node });
  let loaded: Awaited<ReturnType<typeof loadOf>>;
  try {
    loaded = await loadOf(relay);
  } finally {
    await relay.stop();
  }
  const files = await readdir(profiles);
  const read = async (path: string) => JSON.parse(await readFile(join(profiles, path), "utf8")) as CpuProfile;
  const threads = await Promise.all(
    files.map(async (path) => ({ thread: threadOf(path), sampled: busyIn(await read(path), loaded.window) })),
  );
  return { ...loaded, threads };
}

async function loadOf({ cases, pids }: Contender) {
  const chosen = cases.find(({ id }) => id.endsWith(`/${population}/${work}`));
  if (!chosen) throw new Error(`profile: expected a case ${population}/${work}`);
  const warmUp = chosen.prepare(isBrief ? 200 : 5_000);
  await load(warmUp, { inFlight: IN_FLIGHT, seconds: 60 }); // until all circles are open, and V8 has compiled what is hot
  const ask = chosen.prepare(Math.ceil(MOST_PER_SECOND * seconds));
  const [before, from] = [usageOf(pids), monotonicUs()];
  const measured = await load(ask, { inFlight: IN_FLIGHT, seconds });
  const [after, to] = [usageOf(pids), monotonicUs()];
  return { measured, window: { from, to }, cpuUs: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / measured.count };
}

function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Node names files `CPU.{date}.{time}.{process}.{thread}.{count}.cpuprofile`. */
function threadOf(file: string): "main" | "play" {
  return file.split(".")[4] === "0" ? "main" : "play";
}

function print(us: ReadonlyMap<string, number>): void {
  console.table(Array.from(us, ([what, value]) => ({ what, µs: Number(value.toFixed(1)) })));
}
