import { join } from "node:path";
import { circleKeys, dialCircles } from "../plays.ts";
import { type Curve, decades, figureAt, PLAYS_PER_SECOND, type Point, THREADS, threadsText } from "./curve.ts";
import { fillCircles } from "./fill-circles.ts";
import { type Loaded, measurePoints } from "./measure-points.ts";
import { playsOf, withRelays } from "./relays.ts";

/** So many of the circles are played in, at most; nobody is in the others. */
const BUSY = [1, 1_000] as const;

export const circlesOnDisk: Curve = {
  id: "circles",
  title: "Circles on the disk",
  x: "circles on the disk; most of them idle",
  async measure({ folder, most, ...pace }) {
    const counts = decades(1, Math.min(most, 100_000));
    const dbPathOf = (count: number) => join(folder, String(count));
    for (const count of counts) await fillCircles(dbPathOf(count), circleKeys(count));
    const points: Point[] = [];
    for (const threads of THREADS) {
      const found = await withRelays(counts.map(dbPathOf), { threads }, async (relays) => {
        const all: Loaded[] = [];
        for (const [i, relay] of relays.entries()) {
          const x = counts[i] ?? 0;
          for (const busy of BUSY) {
            const circles = circleKeys(Math.min(x, busy));
            const dialled = { circles, channels: await dialCircles(relay.url, circles) };
            all.push({ series: seriesOf(threads, busy), x, relay, prepare: playsOf(dialled, "data.get('n')") });
          }
        }
        return measurePoints(all, pace);
      });
      points.push(...found);
    }
    return { points, ratios: [ratioOf(points, counts.at(-1) ?? 1)] };
  },
};

function seriesOf(threads: number, busy: number): string {
  return `${threadsText(threads)}, ${busy === 1 ? "one" : `${busy.toLocaleString("en")} at most`} busy`;
}

function ratioOf(points: readonly Point[], last: number) {
  const playsAt = (x: number) => figureAt(points, { series: seriesOf(2, 1_000), x }, PLAYS_PER_SECOND);
  return {
    id: "circles-on-disk",
    what: "1,000 busy circles, plays with 100,000 on the disk ÷ with 1,000",
    aim: { atLeast: 0.9 },
    value: playsAt(last) / playsAt(Math.min(last, 1_000)),
  };
}
