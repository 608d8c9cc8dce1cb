import { type Bar, drawBarChart } from "../charts/bar-chart.ts";
import { short } from "../charts/svg.ts";
import type { Figure } from "./results.ts";

type Plot = {
  readonly file: string;
  readonly title: string;
  readonly unit: string;
  readonly barOf: (figure: Figure) => Bar;
};

const PLOTS: readonly Plot[] = [
  {
    file: "throughput.svg",
    title: "Answers per second",
    unit: "wall clock; client and server share the machine",
    barOf: ({ perSecond }) => ({ to: perSecond, text: short(perSecond) }),
  },
  {
    file: "per-cpu-second.svg",
    title: "Answers per CPU second of the server",
    unit: "user and system, all its processes",
    barOf: ({ perCpuSecond }) => ({ to: perCpuSecond, text: short(perCpuSecond) }),
  },
  {
    file: "latency.svg",
    title: "Milliseconds until the answer, p50 to p99",
    unit: "each bar begins at p50",
    barOf: ({ p50Ms, p99Ms }) => ({ from: p50Ms, to: p99Ms, text: `${short(p50Ms)} – ${short(p99Ms)}` }),
  },
  {
    file: "memory.svg",
    title: "Resident memory of the server, MiB",
    unit: "all its processes; all connections stay open",
    barOf: ({ rssBytes }) => ({ to: rssBytes / 2 ** 20, text: short(rssBytes / 2 ** 20) }),
  },
];

/** Each plot's title, its file's name and the text of that. */
export function drawPlots(figures: readonly Figure[]): { file: string; title: string; svg: string }[] {
  const inFlights = [...new Set(figures.map(({ inFlight }) => inFlight))];
  const ids = [...new Set(figures.map(({ id }) => id))];
  return PLOTS.map(({ file, title, unit, barOf }) => {
    const groups = ids.map((id) => {
      const ofCase = figures.filter((figure) => figure.id === id);
      return { label: `${ofCase[0]?.contender}: ${ofCase[0]?.what}`, bars: ofCase.map(barOf) };
    });
    const series = inFlights.map((inFlight) => `${inFlight} in flight`);
    return { file, title, svg: drawBarChart({ title, unit, series, groups }) };
  });
}
