import { join } from "node:path";
import { circleKey, dialCircles } from "../plays.ts";
import { usageOf } from "../process-usage.ts";
import type { MeasuredRelay } from "../relay-process.ts";
import type { Ratio } from "../side-by-side/aims.ts";
import { type Curve, type CurveSettings, decades, type Point, THREADS, threadsText } from "./curve.ts";
import { IdleClients } from "./idle-clients.ts";
import { IN_FLIGHT, type Loaded, measurePoints } from "./measure-points.ts";
import { playAll, playsOf, withRelays } from "./relays.ts";

/** Until the relay's code is compiled and its buffers are as large as they become. */
const WARM_UP_PLAYS = 3_000;

export const idleConnections: Curve = {
  id: "connections",
  title: "Idle connections",
  x: "idle connections, logged in",
  async measure(settings) {
    const points: Point[] = [];
    let bytes = 0;
    for (const threads of THREADS) {
      const found = await measureWith(threads, settings);
      points.push(...found.points);
      bytes = Math.max(bytes, found.bytesOfEach);
    }
    return { points, ratios: [ratioOf(bytes)] };
  },
};

async function measureWith(threads: number, { folder, most, ...pace }: CurveSettings) {
  const counts = decades(1, Math.min(most, 10_000));
  const dbPaths = counts.map((count) => join(folder, `${threads}-${count}`));
  const clients = counts.map(() => new IdleClients());
  try {
    return await withRelays(dbPaths, { threads }, async (relays) => {
      const all: Loaded[] = [];
      let bytesOfEach = 0;
      for (const [i, relay] of relays.entries()) {
        const x = counts[i] ?? 0;
        const dialled = { circles: [circleKey(0)], channels: await dialCircles(relay.url, [circleKey(0)]) };
        await playAll(dialled, Array(Math.min(WARM_UP_PLAYS, x * 100)).fill("data.get('n')"), { inFlight: IN_FLIGHT });
        const before = await residentBytes(relay);
        await clients[i]?.connect({ url: relay.url, count: x });
        bytesOfEach = ((await residentBytes(relay)) - before) / x;
        all.push({ series: threadsText(threads), x, relay, prepare: playsOf(dialled, "data.get('n')") });
      }
      return { points: await measurePoints(all, pace), bytesOfEach }; // that of the most connections
    });
  } finally {
    for (const one of clients) one.stop();
  }
}

async function residentBytes(relay: MeasuredRelay): Promise<number> {
  await relay.liveMemory();
  return usageOf([relay.pid]).rssBytes;
}

function ratioOf(bytes: number): Ratio {
  return {
    id: "idle-connection-kb",
    what: "kB of resident memory for an idle connection, logged in, of 10,000",
    aim: { atMost: 20 },
    value: bytes / 1_000,
  };
}
