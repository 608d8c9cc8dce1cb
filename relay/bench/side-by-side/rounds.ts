import type { Case, Contender } from "../contenders/contender.ts";
import { load } from "../load.ts";
import { usageOf } from "../process-usage.ts";

/** One case with so many requests in flight, and what each round has measured of it, in the order of the rounds. */
export type Cell = {
  readonly contender: Contender;
  readonly case: Case;
  readonly inFlight: number;
  readonly rounds: Round[];
};

export type Round = {
  readonly perSecond: number;
  /** Per second of user and system time of the contender's processes, children included. */
  readonly perCpuSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the contender's processes when the round had ended. */
  readonly rssBytes: number;
};

export type Pace = {
  readonly inFlights: readonly number[];
  readonly seconds: number;
  readonly leastRounds: number;
  readonly mostRounds: number;
  /** No further round begins that would end later, once there were the least. */
  readonly budgetSeconds: number;
};

const WARM_UP_SECONDS = 0.3;
/** A guess of how many are made ahead until the first measurement is there. */
const FIRST_PER_SECOND = 6_000;
/** How much faster than it ever was a case may become before its requests run out, which ends its turn early. */
const ROOM = 1.5;
/** What the kernel counts in; less cannot be told from nothing. */
const TICK_SECONDS = 0.01;

/** Every round measures all, one after the other, so that what disturbs the machine meets all alike. */
export async function measureRounds(contenders: readonly Contender[], pace: Pace): Promise<Cell[]> {
  const cells = contenders.flatMap((contender) =>
    contender.cases.flatMap((each) =>
      pace.inFlights.map((inFlight): Cell => ({ contender, case: each, inFlight, rounds: [] })),
    ),
  );
  const fastest = new Map<Cell, number>();
  const measure = async (cell: Cell, seconds: number) => {
    const count = Math.ceil(seconds * ROOM * (fastest.get(cell) ?? FIRST_PER_SECOND)) + cell.inFlight;
    const round = await measureOnce(cell, { seconds, count });
    fastest.set(cell, Math.max(fastest.get(cell) ?? 0, round.perSecond));
    return round;
  };
  const start = performance.now();
  for (const cell of cells) await measure(cell, Math.min(WARM_UP_SECONDS, pace.seconds));
  for (let round = 0, roundMs = 0; round < pace.mostRounds; round++) {
    const begin = performance.now();
    if (round >= pace.leastRounds && begin + roundMs - start > pace.budgetSeconds * 1_000) break;
    for (const cell of cells) cell.rounds.push(await measure(cell, pace.seconds));
    roundMs = performance.now() - begin;
  }
  return cells;
}

async function measureOnce(
  { contender, case: { prepare }, inFlight }: Cell,
  { seconds, count }: { seconds: number; count: number },
): Promise<Round> {
  const ask = prepare(count);
  const before = usageOf(contender.pids);
  const measured = await load(ask, { inFlight, seconds });
  const after = usageOf(contender.pids);
  return {
    perSecond: measured.perSecond,
    perCpuSecond: measured.count / Math.max(after.cpuSeconds - before.cpuSeconds, TICK_SECONDS),
    p50Ms: measured.p50Ms,
    p99Ms: measured.p99Ms,
    rssBytes: after.rssBytes,
  };
}
