import { join } from "node:path";
import { circleKeys, dialCircles } from "../plays.ts";
import { type MeasuredRelay, startMeasuredRelay } from "../relay-process.ts";
import { type Curve, LIVE_MIB, MIB, type Point, RSS_MIB } from "./curve.ts";
import { fillCircles } from "./fill-circles.ts";
import { IN_FLIGHT } from "./measure-points.ts";
import { playAll } from "./relays.ts";

/** The relay keeps the 2,048 circles open that were used last, and the outcomes of some ten thousand plays. */
const COUNTS = [1, 100, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000];
const VISITED_AT_ONCE = 100;
const SERIES = "one play in each circle";

export const visitedCircles: Curve = {
  id: "visited",
  title: "Circles that were played in and left",
  x: "circles that were played in and left",
  async measure({ folder, most }) {
    const counts = COUNTS.filter((count) => count <= most);
    const dbPath = join(folder, "all");
    const circles = circleKeys(counts.at(-1) ?? 1);
    await fillCircles(dbPath, circles);
    const relay = await startMeasuredRelay(dbPath);
    const points: Point[] = [];
    try {
      let visited = 0;
      for (const x of counts) {
        for (; visited < x; visited += VISITED_AT_ONCE) {
          await visit(relay, circles.slice(visited, Math.min(x, visited + VISITED_AT_ONCE)));
        }
        visited = x;
        const { heapUsed, external, rss } = await relay.liveMemory();
        points.push({ series: SERIES, x, figures: { [LIVE_MIB]: (heapUsed + external) / MIB, [RSS_MIB]: rss / MIB } });
      }
    } finally {
      await relay.stop();
    }
    return { points, ratios: [ratioOf(points)] };
  },
};

async function visit(relay: MeasuredRelay, circles: ReturnType<typeof circleKeys>): Promise<void> {
  const channels = await dialCircles(relay.url, circles);
  await playAll({ circles, channels }, Array(circles.length).fill("data.get('n')"), { inFlight: IN_FLIGHT });
  await Promise.all(
    channels.map(({ socket }) => {
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.close();
      return closed;
    }),
  );
}

/** Between the last two points: by then as many circles are let go as come. */
function ratioOf(points: readonly Point[]) {
  const [before, after] = points.slice(-2) as [Point, Point];
  const mib = (after.figures[LIVE_MIB] ?? 0) - (before.figures[LIVE_MIB] ?? 0);
  return {
    id: "idle-circle-kb",
    what: "kB of the relay's memory in use for a circle that was let go (0, as far as can be told)",
    aim: { atMost: 0.1 },
    value: (mib * MIB) / 1_000 / (after.x - before.x),
  };
}
