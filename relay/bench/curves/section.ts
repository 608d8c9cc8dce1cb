import { drawLineChart } from "../charts/line-chart.ts";
import { short } from "../charts/svg.ts";
import { listed } from "../document.ts";
import { type Row, toMarkdown } from "../side-by-side/tables.ts";
import type { FoundCurve } from "./curve.ts";

/** A plot for each figure. */
export function drawCurve({ id, title, x, points }: FoundCurve): { file: string; title: string; svg: string }[] {
  return figuresOf({ points }).map((figure, i) => {
    const names = [...new Set(points.filter(({ figures }) => figure in figures).map(({ series }) => series))];
    const series = names.map((name) => ({
      name,
      points: points
        .filter((point) => point.series === name)
        .map((point) => [point.x, point.figures[figure] ?? 0] as const),
    }));
    const titleOfPlot = `${title}: ${figure}`;
    return { file: `${id}-${i + 1}.svg`, title: titleOfPlot, svg: drawLineChart({ title: titleOfPlot, x, series }) };
  });
}

/** What was measured, a row for each point. */
export function pointRows({ points, x }: FoundCurve): Row[] {
  const names = figuresOf({ points });
  return points.map((point) => ({
    what: point.series,
    [x]: point.x.toLocaleString("en"),
    ...Object.fromEntries(names.map((name) => [name, textOf(point.figures[name])])),
  }));
}

/** All curves, as docs/benchmarks.md shows them. */
export function sectionOfCurves(curves: readonly FoundCurve[]): string {
  return curves.map(sectionOf).join("\n\n");
}

function sectionOf(curve: FoundCurve): string {
  const { title, date, commit, method, machine } = curve;
  return [
    `### ${title}`,
    `Run on ${date.slice(0, 10)} at commit ${commit}. ${method} Machine: ${listed(machine)}.`,
    ...drawCurve(curve).map((plot) => `![${plot.title}](benchmarks/curves/${plot.file})`),
    `<details><summary>All figures</summary>\n\n${toMarkdown(pointRows(curve))}\n\n</details>`,
  ].join("\n\n");
}

function figuresOf({ points }: Pick<FoundCurve, "points">): string[] {
  return [...new Set(points.flatMap(({ figures }) => Object.keys(figures)))];
}

function textOf(value: number | undefined): string {
  return value === undefined ? "" : short(value);
}
