import type { Bound, Ratio } from "./aims.ts";
import { isMet } from "./aims.ts";
import type { Figure } from "./results.ts";

/** A row is what stands under each heading; the first two columns are words. */
export type Row = Readonly<Record<string, string>>;

export function figureRows(figures: readonly Figure[]): Row[] {
  return figures.map(({ contender, what, inFlight, perSecond, perCpuSecond, p50Ms, p99Ms, rssBytes }) => ({
    who: contender,
    what,
    "in flight": String(inFlight),
    "per second": whole(perSecond),
    "per CPU second": whole(perCpuSecond),
    "p50 ms": significant(p50Ms),
    "p99 ms": significant(p99Ms),
    "RSS MiB": whole(rssBytes / 2 ** 20),
  }));
}

export function ratioRows(ratios: readonly Ratio[]): Row[] {
  return ratios.map((ratio) => ({
    what: ratio.what,
    aim: aimOf(ratio.aim),
    "": isMet(ratio) ? "met" : "MISSED",
    value: significant(ratio.value),
    "per CPU second": ratio.ofCpu === undefined ? "" : significant(ratio.ofCpu),
  }));
}

/** GitHub's tables. */
export function toMarkdown(rows: readonly Row[]): string {
  const headings = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(headings),
    line(headings.map((_, i) => (i < 2 ? "---" : "---:"))),
    ...rows.map((row) => line(Object.values(row))),
  ].join("\n");
}

/** The same in columns, for the terminal. */
export function toText(rows: readonly Row[]): string {
  const headings = Object.keys(rows[0] ?? {});
  const widths = headings.map((heading) => Math.max(heading.length, ...rows.map((row) => row[heading]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return [
    line(headings),
    line(widths.map((width) => "─".repeat(width))),
    ...rows.map((row) => line(Object.values(row))),
  ].join("\n");
}

function aimOf(aim: Bound): string {
  return "atLeast" in aim ? `≥ ${aim.atLeast}` : `≤ ${aim.atMost}`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function significant(value: number): string {
  return value >= 100 ? whole(value) : String(Number(value.toPrecision(2)));
}
