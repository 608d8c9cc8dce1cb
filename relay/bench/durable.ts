import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { PublicKey } from "@circles/sdk/protocol";
import { askThrough, type Channel } from "./channel.ts";
import { fileSystemOf, ONE_AT_A_TIME, Writer, type Writing, withFolderBesideCircles } from "./disk.ts";
import { load } from "./load.ts";
import { middle } from "./middle.ts";
import { circleKeys, dialCircles, makePlays } from "./plays.ts";
import { usageOf } from "./process-usage.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

export type DurableSettings = {
  readonly rounds: number;
  readonly seconds: number;
  /** How many circles are played in beside one busy one. */
  readonly circles: number;
  /** UV_THREADPOOL_SIZE of the relays, one set of them for each; `undefined` for what the relay takes by itself. */
  readonly poolSizes: readonly (number | undefined)[];
};
type Durability = "strict" | "relaxed";
/** A relay under one load, or with no relay the machine alone. */
type Case = {
  readonly name: string;
  readonly pool: string;
  readonly measure: (seconds: number) => Promise<{ perSecond: number; cpuSecondsPer1000: number; p50Ms?: number }>;
  /** How many times the rate of single synced appends the issue asks for. */
  readonly aim?: number;
};
type Row = Awaited<ReturnType<Case["measure"]>> & { readonly ofOne: number };

const IN_FLIGHT = 64;
/** What plays do, by what the table calls them: the one that writes nothing shows what is left when no disk is in the way. */
const LOADS = [
  { name: "unsigned", script: "data.set('n', (data.get('n') ?? 0) + 1)", signed: false },
  { name: "signed", script: "data.set('n', (data.get('n') ?? 0) + 1)", signed: true },
  { name: "unsigned, no write", script: "data.get('n')", signed: false },
] as const;
type Load = (typeof LOADS)[number];
/** Plays made ahead for a round; more than any machine of today gets through. */
const MOST_PLAYS_PER_SECOND = 15_000;
const MANY_FILES: Writing = { files: 1_000, inFlight: IN_FLIGHT, recordsPerSync: 1, how: "append" };

const relayFolder = new URL("../", import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL("package.json", relayFolder), "utf8")) as {
  bin: { "circles-relay": string };
};
const relayProgram = fileURLToPath(new URL(bin["circles-relay"], relayFolder));

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const at = process.argv.indexOf("--pools");
  const poolSizes = at < 0 ? [undefined] : (process.argv[at + 1] ?? "").split(",").map(Number);
  await benchDurable(
    process.argv.includes("--short")
      ? { rounds: 1, seconds: 0.3, circles: 100, poolSizes }
      : { rounds: 5, seconds: 2, circles: 1_000, poolSizes },
  );
  process.exit(0); // connections of the load are still open
}

/**
 * Prints durable write plays per second through relays of their own, as built, beside what the disk does. Each load is
 * measured right after one of single synced appends and compared with that, for the machine is never the same for long.
 */
export async function benchDurable({ rounds, seconds, circles, poolSizes }: DurableSettings): Promise<void> {
  await withFolderBesideCircles(async (folder) => {
    const writers = { one: new Writer({ folder, poolSize: 4 }), many: new Writer({ folder, poolSize: 16 }) };
    const relays: ServerProcess[] = [];
    try {
      const one = (time: number) => writers.one.write(ONE_AT_A_TIME, time);
      const cases: Case[] = [
        { name: "append + fdatasync, one at a time", pool: "4", measure: one },
        { name: "1,000 files, 64 in flight", pool: "16", measure: (time) => writers.many.write(MANY_FILES, time) },
      ];
      for (const poolSize of poolSizes) {
        for (const durability of durabilities()) {
          const dbPath = join(folder, `${durability ?? "unnamed"}-${poolSize}`);
          const relay = await startRelay(dbPath, { durability, poolSize });
          relays.push(relay);
          cases.push(...(await makeCases(relay, { circles, durability: durability ?? "strict", poolSize })));
        }
      }
      const rows = cases.map((): Row[] => []);
      for (let round = -1; round < rounds; round++) {
        for (const [i, { measure }] of cases.entries()) {
          const single = await one(Math.min(0.5, seconds));
          const measured = await measure(round < 0 ? Math.min(0.5, seconds) : seconds);
          if (round < 0) continue; // until all is warm
          rows[i]?.push({ ...measured, ofOne: measured.perSecond / single.perSecond });
        }
      }
      print(cases, rows, { folder, rounds, seconds });
    } finally {
      for (const writer of Object.values(writers)) writer.stop();
      await Promise.all(relays.map((relay) => relay.stop()));
    }
  });
}

/** What this relay can be asked for; `undefined` where it knows no such flag and is always strict. */
function durabilities(): (Durability | undefined)[] {
  if (/--durability/.test(execFileSync(process.execPath, [relayProgram, "--help"], { encoding: "utf8" }))) {
    return ["strict", "relaxed"];
  }
  console.log("RELAXED IS NOT THERE YET: this relay does not know --durability. Only strict is measured.\n");
  return [undefined];
}

async function startRelay(
  dbPath: string,
  { durability, poolSize }: { durability: Durability | undefined; poolSize: number | undefined },
): Promise<ServerProcess> {
  const before = process.env.UV_THREADPOOL_SIZE;
  if (poolSize !== undefined) process.env.UV_THREADPOOL_SIZE = String(poolSize); // what is started inherits it
  const args = [relayProgram, "--port", "0", "--open", "--log-level", "warn", "--db-path", dbPath];
  if (durability) args.push("--durability", durability);
  try {
    return await startServer(args);
  } finally {
    if (before === undefined) delete process.env.UV_THREADPOOL_SIZE;
    else process.env.UV_THREADPOOL_SIZE = before;
  }
}

async function makeCases(
  relay: ServerProcess,
  { circles, durability, poolSize }: { circles: number; durability: Durability; poolSize: number | undefined },
): Promise<Case[]> {
  const cases: Case[] = [];
  for (const count of [1, circles]) {
    const keys = circleKeys(count, { first: count });
    const channels = await dialCircles(relay.url, keys);
    for (const load of LOADS) {
      cases.push({
        name: `${durability}, ${count.toLocaleString("en")} circle${count > 1 ? "s" : ""}, ${load.name}`,
        pool: poolSize === undefined ? "its own" : String(poolSize),
        measure: (seconds) => play(relay, { channels, keys, ...load, seconds }),
        ...(durability === "strict" && load.script.includes("set") && { aim: count === 1 ? 3 : 1 }),
      });
    }
  }
  return cases;
}

async function play(
  relay: ServerProcess,
  {
    channels,
    keys,
    script,
    signed,
    seconds,
  }: Load & { channels: readonly Channel[]; keys: readonly PublicKey[]; seconds: number },
) {
  const plays = makePlays(keys, { script, signed }, Math.ceil(MOST_PLAYS_PER_SECOND * seconds)).values();
  const before = usageOf([relay.pid]);
  const { perSecond, p50Ms, count } = await load(askThrough(channels, plays), { inFlight: IN_FLIGHT, seconds });
  const used = usageOf([relay.pid]).cpuSeconds - before.cpuSeconds;
  return { perSecond, p50Ms, cpuSecondsPer1000: used / (count / 1000) };
}

function print(
  cases: readonly Case[],
  rows: readonly (readonly Row[])[],
  { folder, rounds, seconds }: { folder: string; rounds: number; seconds: number },
): void {
  const built = statSync(new URL("dist/bin/circles-relay.js", relayFolder)).mtime.toISOString();
  console.log(`${folder}: ${fileSystemOf(folder)}; Node ${process.version}`);
  console.log(
    `The relay as built ${built}. Medians of ${rounds} interleaved rounds of ${seconds} s, ${IN_FLIGHT} plays in`,
  );
  console.log("flight; CPU is the process's that writes, user and system; × is against single appends just before.");
  console.table(
    cases.map(({ name, pool, aim }, i) => {
      const median = (pick: (row: Row) => number) => middle((rows[i] ?? []).map(pick));
      const ofOne = median((row) => row.ofOne);
      return {
        what: name,
        pool,
        "per second": Math.round(median(({ perSecond }) => perSecond)),
        "× one at a time": Number(ofOne.toFixed(2)),
        aim: aim === undefined ? "" : `≥ ${aim}: ${ofOne >= aim ? "met" : "MISSED"}`,
        "p50 ms": Number(median(({ p50Ms }) => p50Ms ?? 0).toFixed(1)) || "",
        "CPU s per 1,000": Number(median(({ cpuSecondsPer1000 }) => cpuSecondsPer1000).toFixed(3)),
      };
    }),
  );
}
