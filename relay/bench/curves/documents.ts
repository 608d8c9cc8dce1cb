import { join } from "node:path";
import { circleKey, dialCircles } from "../plays.ts";
import { startRelay } from "../relay-process.ts";
import type { ServerProcess } from "../server-process.ts";
import { type Curve, decades, type Point, THREADS, threadsText } from "./curve.ts";
import { type Loaded, measurePoints } from "./measure-points.ts";
import { type Dialled, playAll, playsOf, withRelays } from "./relays.ts";

const CIRCLES = [circleKey(0)];
const SET_BY_ONE_PLAY = 1_000;

export const documents: Curve = {
  id: "documents",
  title: "Documents in a circle",
  x: "documents in the circle",
  async measure({ folder, most, ...pace }) {
    const counts = decades(1, Math.min(most, 100_000));
    const dbPathOf = (count: number) => join(folder, String(count));
    for (const count of counts) await fill(dbPathOf(count), count);
    const points: Point[] = [];
    for (const x of counts) points.push({ series: "after a restart", x, figures: await open(dbPathOf(x)) });
    for (const threads of THREADS) {
      const found = await withRelays(counts.map(dbPathOf), { threads }, async (relays) => {
        const all: Loaded[] = [];
        for (const [i, relay] of relays.entries()) {
          const x = counts[i] ?? 0;
          const dialled = await dial(relay);
          for (const [name, script] of Object.entries(scriptsFor(x))) {
            all.push({ series: `${threadsText(threads)}, ${name}`, x, relay, prepare: playsOf(dialled, script) });
          }
        }
        return measurePoints(all, pace);
      });
      points.push(...found);
    }
    return { points };
  },
};

/** Any of the documents, in no order. */
function scriptsFor(count: number): Record<string, string> {
  const name = `"d" + Math.floor(Math.random() * ${count})`;
  return {
    "read one": `data.get(${name})`,
    "write one": `data.set(${name}, 1)`,
    "list ten": `data.list("", { start: ${name}, limit: 10 })`,
  };
}

async function fill(dbPath: string, count: number): Promise<void> {
  const relay = await startRelay(dbPath);
  const plays = Array.from({ length: Math.ceil(count / SET_BY_ONE_PLAY) }, (_, i) => {
    const end = Math.min(count, (i + 1) * SET_BY_ONE_PLAY);
    return `for (let i = ${i * SET_BY_ONE_PLAY}; i < ${end}; i++) data.set("d" + i, 1)`;
  });
  await playAll(await dial(relay), plays, { inFlight: 4 });
  await relay.stop();
}

/** The first play waits until the circle is open. */
async function open(dbPath: string): Promise<Point["figures"]> {
  const relay = await startRelay(dbPath);
  const dialled = await dial(relay);
  const began = performance.now();
  await playAll(dialled, ["1"], { inFlight: 1 });
  const ms = performance.now() - began;
  await relay.stop();
  return { "ms until the first play is answered": ms };
}

async function dial({ url }: Pick<ServerProcess, "url">): Promise<Dialled> {
  return { circles: CIRCLES, channels: await dialCircles(url, CIRCLES) };
}
