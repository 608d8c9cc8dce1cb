import type { Contender } from "../contenders/contender.ts";
import { type Ask, load } from "../load.ts";
import { middle } from "../middle.ts";
import type { MeasuredRelay } from "../relay-process.ts";
import { measureRounds, type Round } from "../side-by-side/rounds.ts";
import { type CurveSettings, LIVE_MIB, MIB, PLAYS_PER_SECOND, type Place, type Point, RSS_MIB } from "./curve.ts";

/** A place that is measured by loading a relay. */
export type Loaded = Place & {
  readonly relay: MeasuredRelay;
  /** As a case's. */
  readonly prepare: (count: number) => Ask;
};

/** In flight, shared by all connections. */
export const IN_FLIGHT = 64;

/** For so many measurements' time each relay plays before the first, until what is hot in it is compiled. */
const WARM_UP_MEASUREMENTS = 4;
const MOST_WARM_UP_PLAYS = 6_000;

/** Every round measures all, one after the other; the figures are medians. Memory is that of the whole process. */
export async function measurePoints(
  all: readonly Loaded[],
  { seconds, rounds }: Pick<CurveSettings, "seconds" | "rounds">,
): Promise<Point[]> {
  const relays = new Map(all.map((one) => [one.relay, one]));
  for (const { prepare } of relays.values()) {
    await load(prepare(MOST_WARM_UP_PLAYS), { inFlight: IN_FLIGHT, seconds: WARM_UP_MEASUREMENTS * seconds });
  }
  const contenders = all.map(({ series, x, relay, prepare }): Contender => {
    const what = `${series}/${x}`;
    return { name: what, durability: "", pids: [relay.pid], cases: [{ id: what, what, prepare }], stop: relay.stop };
  });
  const pace = { inFlights: [IN_FLIGHT], seconds, leastRounds: rounds, mostRounds: rounds, budgetSeconds: 0 };
  const cells = await measureRounds(contenders, pace);
  const points: Point[] = [];
  for (const [i, { series, x, relay }] of all.entries()) {
    const median = (figure: keyof Round) => middle((cells[i]?.rounds ?? []).map((round) => round[figure]));
    const { heapUsed, external } = await relay.liveMemory();
    const figures = {
      [PLAYS_PER_SECOND]: median("perSecond"),
      [RSS_MIB]: median("rssBytes") / MIB,
      [LIVE_MIB]: (heapUsed + external) / MIB,
    };
    points.push({ series, x, figures });
  }
  return points;
}
