import { join } from "node:path";
import { circleKeys, dialCircles } from "../plays.ts";
import { type Curve, decades, type Point, THREADS, threadsText } from "./curve.ts";
import { type Loaded, measurePoints } from "./measure-points.ts";
import { playsOf, withRelays } from "./relays.ts";

/** So many that all threads have work. */
const CIRCLES = 64;

export const scriptSizes = sizeCurve({
  id: "scripts",
  title: "Size of the script",
  x: "characters of the script",
  scripts: {
    "functions that are not called": (size) =>
      fillUp("data.get('n')", size, (i) => `;function f${i}(x){return x+${i}}`),
    "a comment": (size) => fillUp("data.get('n')", size, () => " // and so on \n"),
  },
});

export const resultSizes = sizeCurve({
  id: "results",
  title: "Size of the result",
  x: "characters of the result",
  scripts: { text: (size) => `"x".repeat(${size})` },
});

type Scripts = Readonly<Record<string, (size: number) => string>>;

function sizeCurve({ scripts, ...curve }: Pick<Curve, "id" | "title" | "x"> & { scripts: Scripts }): Curve {
  return {
    ...curve,
    async measure({ folder, most, ...pace }) {
      const sizes = decades(100, Math.min(most, 100_000));
      const circles = circleKeys(CIRCLES);
      const points: Point[] = [];
      for (const threads of THREADS) {
        // A relay for each, for what a size leaves in memory is to be seen.
        const cases = sizes.flatMap((x) => Object.entries(scripts).map(([name, scriptOf]) => ({ x, name, scriptOf })));
        const dbPaths = cases.map(({ x, name }) => join(folder, `${threads}-${x}-${name}`));
        const found = await withRelays(dbPaths, { threads }, async (relays) => {
          const all: Loaded[] = [];
          for (const [i, { x, name, scriptOf }] of cases.entries()) {
            const relay = relays[i];
            if (!relay) throw new Error("sizes: expected a relay for each");
            const channels = await dialCircles(relay.url, circles);
            const prepare = playsOf({ circles, channels }, scriptOf(x));
            all.push({ series: `${threadsText(threads)}, ${name}`, x, relay, prepare });
          }
          return measurePoints(all, pace);
        });
        points.push(...found);
      }
      return { points };
    },
  };
}

/** `script` after so many pieces that both together have `size` characters, or a few less. */
function fillUp(script: string, size: number, piece: (i: number) => string): string {
  let text = "";
  for (let i = 0; text.length + piece(i).length + script.length < size; i++) text += piece(i);
  return `${text}\n${script}`;
}
