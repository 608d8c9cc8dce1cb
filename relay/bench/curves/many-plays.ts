import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { PublicKey } from "@circles/sdk/protocol";
import { askThrough } from "../channel.ts";
import { load } from "../load.ts";
import { middle } from "../middle.ts";
import { circleKeys, dialCircles, makePlays } from "../plays.ts";
import { type Curve, figureAt, LIVE_MIB, MIB, PLAYS_PER_SECOND, type Point, RSS_MIB } from "./curve.ts";
import { IN_FLIGHT } from "./measure-points.ts";
import { type Dialled, withRelays } from "./relays.ts";

const COUNTS = [1_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];
/** How many circles, and up to how many plays. */
const SERIES = [
  { circles: 1, upTo: 1_000_000 },
  { circles: 1_000, upTo: 100_000 },
];
const MADE_AT_ONCE = 10_000;
/** Plays cost less than what other curves count. */
const MOST_FOR_EACH = 10;

export const manyPlays: Curve = {
  id: "plays",
  title: "Plays since the relay was started",
  x: "plays since the relay was started",
  async measure({ folder, most }) {
    const points: Point[] = [];
    for (const { circles: many, upTo } of SERIES) {
      const counts = countsUpTo(Math.min(upTo, MOST_FOR_EACH * most));
      const dbPath = join(folder, String(many));
      const found = await withRelays([dbPath], { threads: 2 }, async ([relay]) => {
        if (!relay) throw new Error("plays: expected a relay");
        const circles = circleKeys(many);
        const dialled = { circles, channels: await dialCircles(relay.url, circles) };
        const ofSeries: Point[] = [];
        let played = 0;
        for (const x of counts) {
          const rates: number[] = [];
          for (; played < x; played += MADE_AT_ONCE) {
            rates.push(await play(dialled, Math.min(MADE_AT_ONCE, x - played)));
          }
          played = x;
          const { heapUsed, external, rss } = await relay.liveMemory();
          const figures = {
            [RSS_MIB]: rss / MIB,
            [LIVE_MIB]: (heapUsed + external) / MIB,
            [PLAYS_PER_SECOND]: middle(rates),
            "log bytes for each play": logBytes(dbPath, circles) / x,
          };
          ofSeries.push({ series: seriesOf(many), x, figures });
          console.log(`${x.toLocaleString("en")} plays ${seriesOf(many)}: ${Math.round(rss / MIB)} MiB`);
        }
        return ofSeries;
      });
      points.push(...found);
    }
    return { points, ratios: [ratioOf(points)] };
  },
};

/** Answers how many plays there were in a second. */
async function play({ circles, channels }: Dialled, count: number): Promise<number> {
  const plays = makePlays(circles, { script: "data.set('n', 1)", signed: true }, count).values();
  const { perSecond } = await load(askThrough(channels, plays), {
    inFlight: IN_FLIGHT,
    seconds: Number.POSITIVE_INFINITY,
  });
  return perSecond;
}

function logBytes(dbPath: string, circles: readonly PublicKey[]): number {
  const logs = circles.map((circle) => join(dbPath, circle, "logs"));
  const files = logs.flatMap((folder) => {
    const segments = readdirSync(folder).filter((name) => name.endsWith(".jsonl")); // others come and go
    return segments.map((name) => join(folder, name));
  });
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

function seriesOf(circles: number): string {
  return circles === 1 ? "in one circle" : `in ${circles.toLocaleString("en")} circles`;
}

function countsUpTo(most: number): number[] {
  return COUNTS.filter((count) => count <= most);
}

function ratioOf(points: readonly Point[]) {
  const series = seriesOf(1);
  const last = Math.max(...points.filter((point) => point.series === series).map(({ x }) => x));
  const at = (x: number) => figureAt(points, { series, x }, RSS_MIB);
  return {
    id: "rss-of-plays",
    what: "resident memory after 1,000,000 plays in one circle ÷ after 10,000",
    aim: { atMost: 1.05 },
    value: at(last) / at(Math.min(last, 10_000)),
  };
}
