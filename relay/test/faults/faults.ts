import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { PublicKey } from "@circles/sdk/protocol";
import { Namespaces } from "../../src/namespace/namespaces.ts";
import { alice, bob } from "../people.ts";
import { liveOnce, type Said } from "./killed-worker.ts";
import { modelAfter } from "./schedule.ts";

const PLAYS_OF_A_LIFE = 10;
const LIVES_OF_A_FOLDER = 12;
const HOW = ["before", "torn", "after"] as const;

export type FaultFigures = { kills: number; ends: number; plays: number; steps: number };

/**
 * Kills a worker over and over, at steps drawn from `random`, each time on the folder that the killed one left, and
 * compares after each death what a copy of the folder opens to with the model. @throws where they differ.
 */
export async function runFaults(
  kills: number,
  random: () => number,
  tell: (line: string) => void = () => {},
): Promise<FaultFigures> {
  const figures: FaultFigures = { kills: 0, ends: 0, plays: 0, steps: 0 };
  while (figures.kills < kills) {
    const folder = await mkdtemp(join(tmpdir(), "circles-faults-"));
    const seed = `round-${Math.floor(random() * 2 ** 32)}`;
    await runFolder(folder, seed, { figures, kills, random });
    await rm(folder, { recursive: true });
    tell(`${figures.kills} of ${kills} kills, ${figures.plays} plays, ${figures.ends} lives to their end`);
  }
  return figures;
}

type Run = { readonly figures: FaultFigures; readonly kills: number; readonly random: () => number };

async function runFolder(folder: string, seed: string, { figures, kills, random }: Run): Promise<void> {
  const dbPath = join(folder, "circles");
  await mkdir(dbPath);
  const heard: Map<number, Said>[] = [new Map(), new Map()];
  let mostSteps = 60;
  for (let life = 0; life < LIVES_OF_A_FOLDER && figures.kills < kills; life++) {
    const first = heard.map((of) => firstUnheard(of));
    const dieAt = 1 + Math.floor(random() * mostSteps);
    const how = HOW[Math.floor(random() * HOW.length)] ?? "before";
    const where = `seed ${seed}, life ${life}, died ${how} step ${dieAt}`;
    const lived = await liveOnce({ folder: dbPath, seed, plays: PLAYS_OF_A_LIFE, first, dieAt, how });
    if (lived.killed) figures.kills += 1;
    else {
      figures.ends += 1;
      mostSteps = Math.max(20, lived.steps); // the next one dies earlier
    }
    for (const said of lived.said) {
      const before = heard[said.circle]?.get(said.play);
      if (before && !isDeepStrictEqual(before, said)) throw new Error(`${where}: play ${said.play} had two outcomes`);
      heard[said.circle]?.set(said.play, said);
    }
    const copy = join(folder, "copy");
    await cp(dbPath, copy, { recursive: true, filter: (path) => !path.includes("relay.lock") });
    for (const [i, circle] of [alice.publicKey, bob.publicKey].entries()) {
      await checkCircle(copy, circle, { seed: `${seed}/${i}`, heard: heard[i] ?? new Map(), where });
    }
    await rm(copy, { recursive: true });
  }
  figures.plays += heard.reduce((sum, of) => sum + of.size, 0);
}

type Expected = { readonly seed: string; readonly heard: ReadonlyMap<number, Said>; readonly where: string };

/** What the circle opens to must be the model after some number of plays, not fewer than those that were heard of. */
async function checkCircle(dbPath: string, circle: PublicKey, { seed, heard, where }: Expected): Promise<void> {
  const namespaces = new Namespaces({ dbPath, segmentBytes: 4_096 });
  const records = await namespaces.with(circle, async (namespace) => {
    const all = [];
    for (let after = 0; ; ) {
      const page = await namespace.readRecords({ after, limit: 500 });
      all.push(...page.records);
      const last = page.records.at(-1);
      if (!last) return all;
      after = last.seq;
    }
  });
  await namespaces.close(); // everything is in its file
  const plays = records.filter((record) => "task" in record);
  const ids = new Set(plays.map((record) => ("task" in record ? record.task : "")));
  if (ids.size !== plays.length) throw new Error(`${where}: a play is in the log twice`);
  for (const { play, seq, value } of heard.values()) {
    const record = records.find((candidate) => candidate.seq === seq);
    const isIt = record && "task" in record && record.task.endsWith(String(play).padStart(16, "0"));
    if (!isIt) throw new Error(`${where}: play ${play} was answered with ${value} and is not record ${seq}`);
  }
  const found = await filesBelow(join(dbPath, circle, "data"));
  const { documents, files } = modelAfter(seed, plays.length);
  const expected = new Map<string, string>([
    ...Object.entries(documents).map(([name, value]) => [`${name}.json`, `${JSON.stringify(value)}\n`] as const),
    ...Object.entries(files),
  ]);
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(`${where}: after ${plays.length} plays the files are not what they must be`);
  }
}

function firstUnheard(heard: ReadonlyMap<number, Said>): number {
  let i = 0;
  while (heard.has(i)) i += 1;
  return i;
}

async function filesBelow(root: string): Promise<Map<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, string>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(root.length + 1), await readFile(path, "utf8"));
  }
  return files;
}
