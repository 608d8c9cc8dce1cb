import type { Ratio } from "../side-by-side/aims.ts";

/** What something costs, by how much there is of it. */
export type Curve = {
  /** It is asked for by this, and its files are named after it. */
  readonly id: string;
  readonly title: string;
  /** What is counted along x. */
  readonly x: string;
  measure(settings: CurveSettings): Promise<Measured>;
};

export type CurveSettings = {
  /** A folder of its own, beside which circles would lie. */
  readonly folder: string;
  /** The largest x. */
  readonly most: number;
  /** Each measurement of a round lasts so long. */
  readonly seconds: number;
  readonly rounds: number;
};

export type Measured = { readonly points: readonly Point[]; readonly ratios?: readonly Ratio[] };

/** What was found at one x; the figures by their names, of which each has a plot. */
export type Point = Place & { readonly figures: Readonly<Record<string, number>> };
/** Where on which line of a plot. */
export type Place = { readonly series: string; readonly x: number };

/** What is written to a curve's file. */
export type FoundCurve = Pick<Curve, "id" | "title" | "x"> & {
  readonly date: string;
  readonly commit: string;
  readonly method: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly points: readonly Point[];
  readonly ratios: readonly Ratio[];
};

export const THREADS = [1, 2] as const;
export const PLAYS_PER_SECOND = "plays per second";
export const LIVE_MIB = "MiB in use, without garbage";
export const RSS_MIB = "resident MiB";
export const MIB = 2 ** 20;

/** Powers of ten, both ends included. */
export function decades(from: number, to: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value *= 10) values.push(value);
  return values;
}

/** `2 threads`. */
export function threadsText(threads: number): string {
  return `${threads} thread${threads === 1 ? "" : "s"}`;
}

/** A figure of a point. @throws {Error} if it was not measured. */
export function figureAt(points: readonly Point[], { series, x }: Place, figure: string): number {
  const value = points.find((point) => point.series === series && point.x === x)?.figures[figure];
  if (value === undefined) throw new Error(`curve: expected ${figure} of ${series} at ${x} to be measured`);
  return value;
}
