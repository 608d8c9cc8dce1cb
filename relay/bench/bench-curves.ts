/** What grows, and what that costs. `--brief` shows only that it works; names of curves choose some of them. */
import { join } from "node:path";
import { circlesOnDisk } from "./curves/circles-on-disk.ts";
import type { Curve, CurveSettings, FoundCurve } from "./curves/curve.ts";
import { documents } from "./curves/documents.ts";
import { idleConnections } from "./curves/idle-connections.ts";
import { manyPlays } from "./curves/many-plays.ts";
import { drawCurve, pointRows, sectionOfCurves } from "./curves/section.ts";
import { resultSizes, scriptSizes } from "./curves/sizes.ts";
import { visitedCircles } from "./curves/visited-circles.ts";
import { fileSystemOf, withFolderBesideCircles } from "./disk.ts";
import { Report } from "./report.ts";
import { describeMachine, readCommit } from "./side-by-side/results.ts";
import { ratioRows, toText } from "./side-by-side/tables.ts";

const CURVES = [circlesOnDisk, visitedCircles, idleConnections, documents, scriptSizes, resultSizes, manyPlays];
const FULL = { most: 1_000_000, seconds: 0.5, rounds: 5 };
const BRIEF = { most: 100, seconds: 0.05, rounds: 1 };

const isBrief = process.argv.includes("--brief");
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = names.filter((name) => CURVES.every(({ id }) => id !== name));
if (unknown.length > 0) {
  throw new Error(`curves: expected some of ${CURVES.map(({ id }) => id).join(", ")}, got ${unknown.join(", ")}`);
}
const report = new Report({ isBrief });
for (const curve of CURVES.filter(({ id }) => names.length === 0 || names.includes(id))) {
  const found = await withFolderBesideCircles((folder) => run(curve, { folder, ...(isBrief ? BRIEF : FULL) }));
  console.log(`\n${found.title}\n\n${toText(pointRows(found))}\n`);
  if (found.ratios.length > 0) console.log(`${toText(ratioRows(found.ratios))}\n`);
  await report.writeJson(join("curves", `${found.id}.json`), found);
  for (const { file, svg } of drawCurve(found)) await report.write(join("curves", file), svg);
}
await report.writeSection("what `npm run bench:curves` writes", sectionOfCurves(await report.readCurves()));
process.exit(0); // connections of the load are still open

async function run(curve: Curve, settings: CurveSettings): Promise<FoundCurve> {
  const { points, ratios = [] } = await curve.measure(settings);
  const { id, title, x } = curve;
  return {
    id,
    title,
    x,
    date: new Date().toISOString(),
    commit: readCommit(),
    method: methodOf(settings),
    machine: describeMachine(fileSystemOf(settings.folder)),
    points,
    ratios,
  };
}

function methodOf({ seconds, rounds }: CurveSettings): string {
  return `Plays per second are medians of ${rounds} interleaved rounds of ${seconds} s, 64 signed plays in flight.`;
}
