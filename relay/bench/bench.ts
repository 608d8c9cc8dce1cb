/** Circles and its peers side by side, in one run that starts all of them. `--brief` shows only that it works. */
import { startBareRedis } from "./contenders/bare-redis.ts";
import { startBullMq } from "./contenders/bullmq.ts";
import { startEmbedded, startThroughRedis } from "./contenders/circles.ts";
import type { Contender } from "./contenders/contender.ts";
import { startSocketIo } from "./contenders/socket-io.ts";
import { startWorkerd } from "./contenders/workerd.ts";
import { startWsEcho } from "./contenders/ws-echo.ts";
import { fileSystemOf, withFolderBesideCircles } from "./disk.ts";
import { Report } from "./report.ts";
import { measureSandbox } from "./sandbox-alone.ts";
import { ratiosOf } from "./side-by-side/aims.ts";
import { sectionOf } from "./side-by-side/document.ts";
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

const isBrief = process.argv.includes("--brief");
const results = await withFolderBesideCircles((folder) => run(folder, isBrief ? BRIEF : FULL));
console.log(`\n${toText(figureRows(results.figures))}\n\n${toText(ratioRows(results.ratios))}\n`);
await write(results, new Report({ isBrief }));
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

async function write(found: Results, report: Report): Promise<void> {
  const plots = drawPlots(found.figures);
  for (const { file, svg } of plots) await report.write(file, svg);
  await report.writeJson("results.json", found);
  await report.writeSection("what `npm run bench` writes", sectionOf(found, plots));
  for (const notice of await appendHistory(report.path("history.jsonl"), found)) console.log(notice);
}
