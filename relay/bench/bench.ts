/** Circles and its peers side by side, in one run that starts all of them. `--brief` shows only that it works. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBareRedis } from "./contenders/bare-redis.ts";
import { startBullMq } from "./contenders/bullmq.ts";
import { startEmbedded, startThroughRedis } from "./contenders/circles.ts";
import type { Contender } from "./contenders/contender.ts";
import { startSocketIo } from "./contenders/socket-io.ts";
import { startWorkerd } from "./contenders/workerd.ts";
import { startWsEcho } from "./contenders/ws-echo.ts";
import { fileSystemOf, withFolderBesideCircles } from "./disk.ts";
import { measureSandbox } from "./sandbox-alone.ts";
import { ratiosOf } from "./side-by-side/aims.ts";
import { withResults } from "./side-by-side/document.ts";
import { appendHistory } from "./side-by-side/history.ts";
import { drawPlots } from "./side-by-side/plots.ts";
import { describeMachine, figuresOf, type Results, readCommit, readVersions } from "./side-by-side/results.ts";
import { measureRounds, type Pace } from "./side-by-side/rounds.ts";
import { figureRows, ratioRows, toText } from "./side-by-side/tables.ts";

const IN_FLIGHTS = [1, 64, 512];
const FULL: Settings = {
  many: 1_000,
  sandboxPlays: 20_000,
  pace: { inFlights: IN_FLIGHTS, seconds: 1, leastRounds: 3, mostRounds: 5, budgetSeconds: 480 },
};
const BRIEF: Settings = {
  many: 20,
  sandboxPlays: 200,
  pace: { inFlights: IN_FLIGHTS, seconds: 0.05, leastRounds: 1, mostRounds: 1, budgetSeconds: 20 },
};
type Settings = { readonly many: number; readonly sandboxPlays: number; readonly pace: Pace };

/** In the order in which the tables show them. */
const STARTS = [
  startEmbedded,
  startThroughRedis,
  startWorkerd,
  startBullMq,
  startSocketIo,
  startWsEcho,
  startBareRedis,
];
const DOCS = fileURLToPath(new URL("../../docs", import.meta.url));

const isBrief = process.argv.includes("--brief");
const results = await withFolderBesideCircles((folder) => run(folder, isBrief ? BRIEF : FULL));
console.log(`\n${toText(figureRows(results.figures))}\n\n${toText(ratioRows(results.ratios))}\n`);
// What a brief run finds is no figure, and is put where nobody takes it for one.
await write(results, isBrief ? join(tmpdir(), "circles-bench-brief") : DOCS);
process.exit(0); // connections of the load are still open

async function run(folder: string, { many, sandboxPlays, pace }: Settings): Promise<Results> {
  const { costs } = await measureSandbox(sandboxPlays);
  const contenders: Contender[] = [];
  try {
    for (const start of STARTS) contenders.push(await start({ folder, many }));
    const cells = await measureRounds(contenders, pace);
    return {
      date: new Date().toISOString(),
      commit: readCommit(),
      machine: describeMachine(fileSystemOf(folder)),
      versions: readVersions(),
      durability: Object.fromEntries(contenders.map(({ name, durability }) => [name, durability])),
      method: methodOf(cells[0]?.rounds.length ?? 0, pace.seconds),
      figures: figuresOf(cells),
      ratios: ratiosOf(cells, costs[0]?.medianUs ?? Number.NaN),
    };
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

function methodOf(rounds: number, seconds: number): string[] {
  return [
    `Medians of ${rounds} interleaved rounds of ${seconds} s for each line; a ratio is the median of the rounds' ratios.`,
    "One process makes the load for all of them, on the same processors as the servers; what it signs is signed ahead.",
    "Plays are signed, and checked; peers check nothing, and are sent as many bytes.",
    "A CPU second is user and system time of all of a server's processes, its Redis included.",
    "Durable Objects run code that was loaded before and are asked through WebSockets, one for each object, as circles are; through HTTP they read a tenth as fast and write no faster.",
  ];
}

async function write(found: Results, folder: string): Promise<void> {
  const own = join(folder, "benchmarks");
  await mkdir(own, { recursive: true });
  const plots = drawPlots(found.figures);
  for (const { file, svg } of plots) await writeFile(join(own, file), svg);
  await writeFile(join(own, "results.json"), `${JSON.stringify(found, null, 2)}\n`);
  const document = await readFile(join(DOCS, "benchmarks.md"), "utf8");
  await writeFile(join(folder, "benchmarks.md"), withResults(document, found, plots));
  for (const notice of await appendHistory(join(own, "history.jsonl"), found)) console.log(notice);
  console.log(`written to ${folder}: benchmarks.md, and in benchmarks/ its plots, results.json and history.jsonl`);
}
