import { middle } from "../middle.ts";
import type { Cell, Round } from "./rounds.ts";

export type Bound = { readonly atLeast: number } | { readonly atMost: number };
export type Ratio = {
  /** Its name in history.jsonl: it stays when the words change. */
  readonly id: string;
  readonly what: string;
  readonly aim: Bound;
  readonly value: number;
  /** The same per second of CPU instead of per second, where that is what is compared. */
  readonly ofCpu?: number;
};

type Quotient = {
  readonly id: string;
  readonly what: string;
  readonly aim: Bound;
  /** Ids of cases. */
  readonly over: readonly [ours: string, theirs: string];
  readonly inFlight: number;
  readonly figure: "perSecond" | "p50Ms";
};

/** What `npm run bench` has to show. Unless it says otherwise, with 64 in flight; plays are signed, peers' requests not. */
const QUOTIENTS: readonly Quotient[] = [
  {
    id: "read-many",
    what: "many circles, read ÷ many Durable Objects, read",
    aim: { atLeast: 10 },
    over: ["embedded/many/read", "workerd/many/read"],
    inFlight: 64,
    figure: "perSecond",
  },
  {
    id: "read-one",
    what: "one hot circle, read ÷ one hot Durable Object, read",
    aim: { atLeast: 2 },
    over: ["embedded/one/read", "workerd/one/read"],
    inFlight: 64,
    figure: "perSecond",
  },
  {
    id: "write-many",
    what: "many circles, strict write ÷ many Durable Objects, write",
    aim: { atLeast: 3 },
    over: ["embedded/many/write", "workerd/many/write"],
    inFlight: 64,
    figure: "perSecond",
  },
  {
    id: "p50-echo",
    what: "p50 of a play, 1 in flight ÷ bare ws echo",
    aim: { atMost: 8 },
    over: ["embedded/one/read", "echo/one/echo"],
    inFlight: 1,
    figure: "p50Ms",
  },
  {
    id: "redis-bullmq",
    what: "one circle through Redis, read ÷ BullMQ",
    aim: { atLeast: 3 },
    over: ["redis/one/read", "bullmq/one/job"],
    inFlight: 64,
    figure: "perSecond",
  },
  {
    id: "redis-bare",
    what: "one circle through Redis, read ÷ bare Redis",
    aim: { atLeast: 0.25 },
    over: ["redis/one/read", "bare-redis/one/reply"],
    inFlight: 64,
    figure: "perSecond",
  },
];

/** The median of the quotients of each round, and beside them the time of a fresh context in a sandbox alone. */
export function ratiosOf(cells: readonly Cell[], freshContextUs: number): Ratio[] {
  const ratios = QUOTIENTS.map(({ id, what, aim, over: [ours, theirs], inFlight, figure }): Ratio => {
    const rounds = [ours, theirs].map((name) => roundsOf(cells, name, inFlight)) as [
      readonly Round[],
      readonly Round[],
    ];
    const quotient = (of: keyof Round) => middle(rounds[0].map((round, i) => round[of] / (rounds[1][i]?.[of] ?? 0)));
    return {
      id,
      what,
      aim,
      value: quotient(figure),
      ...(figure === "perSecond" && { ofCpu: quotient("perCpuSecond") }),
    };
  });
  const fresh = "µs of a fresh context and a trivial script, alone, median";
  return [...ratios, { id: "fresh-context-us", what: fresh, aim: { atMost: 80 }, value: freshContextUs }];
}

export function isMet({ aim, value }: Ratio): boolean {
  return "atLeast" in aim ? value >= aim.atLeast : value <= aim.atMost;
}

/** How much of what it was is left: 0.5 is half as good, whichever way better is. */
export function goodnessOf({ aim, value }: Ratio, before: number): number {
  return "atLeast" in aim ? value / before : before / value;
}

function roundsOf(cells: readonly Cell[], id: string, inFlight: number): readonly Round[] {
  const cell = cells.find((each) => each.case.id === id && each.inFlight === inFlight);
  if (!cell) throw new Error(`aims: expected that ${id} was measured with ${inFlight} in flight`);
  return cell.rounds;
}
