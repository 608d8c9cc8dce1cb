import { drawLegend, drawSvg, drawText } from "./svg.ts";

/** Horizontal bars in groups, on a logarithmic scale. */
export type BarChart = {
  readonly title: string;
  readonly unit: string;
  /** What the bars of each group stand for, in their order; at most three. */
  readonly series: readonly string[];
  readonly groups: readonly { readonly label: string; readonly bars: readonly Bar[] }[];
};
/** A bar without `from` begins at the edge. */
export type Bar = { readonly from?: number; readonly to: number; readonly text: string };

const [LEFT, WIDTH, RIGHT] = [300, 520, 150];
const [TOP, BAR, GAP, BOTTOM] = [74, 11, 9, 34];

export function drawBarChart({ title, unit, series, groups }: BarChart): string {
  const values = groups.flatMap(({ bars }) => bars.flatMap(({ from, to }) => (from === undefined ? [to] : [from, to])));
  const [low, high] = decadesAround(values);
  const x = (value: number) =>
    LEFT + (WIDTH * (Math.log10(Math.max(value, 10 ** low)) - low)) / Math.max(high - low, 1);
  const groupHeight = series.length * BAR + GAP;
  const bottom = TOP + groups.length * groupHeight;
  return drawSvg({ title, width: LEFT + WIDTH + RIGHT, height: bottom + BOTTOM }, [
    drawText({ x: 16, y: 26, style: "title" }, title),
    drawText({ x: 16, y: 46, style: "small" }, unit),
    ...series.map((name, i) => drawLegend({ x: LEFT + i * 130, y: 47 }, i, name)),
    ...Array.from({ length: high - low + 1 }, (_, i) => gridLine(x(10 ** (low + i)), 10 ** (low + i), bottom)),
    ...groups.flatMap(({ label, bars }, g) => {
      const y = TOP + g * groupHeight;
      return [
        drawText({ x: LEFT - 10, y: y + (series.length * BAR) / 2 + 4, anchor: "end" }, label),
        ...bars.flatMap((bar, i) => drawBar(bar, i, { x, low, y: y + i * BAR })),
      ];
    }),
  ]);
}

function drawBar(
  { from, to, text }: Bar,
  series: number,
  { x, low, y }: { x: (value: number) => number; low: number; y: number },
): string[] {
  const begin = x(from ?? 10 ** low);
  const length = Math.max(x(to) - begin, 2);
  return [
    `<rect class="fill${series}" x="${begin.toFixed(1)}" y="${y}" width="${length.toFixed(1)}" height="${BAR - 1}"/>`,
    drawText({ x: begin + length + 5, y: y + BAR - 2, style: "small" }, text),
  ];
}

function gridLine(x: number, value: number, bottom: number): string {
  const line = `<line class="grid" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP - 8}" y2="${bottom}"/>`;
  return line + drawText({ x, y: bottom + 16, style: "small", anchor: "middle" }, value.toLocaleString("en"));
}

/** The powers of ten between which all of `values` lie, with room below so that the least has a bar. */
function decadesAround(values: readonly number[]): [low: number, high: number] {
  const positive = values.filter((value) => value > 0);
  const least = Math.log10(Math.min(...positive));
  return [Math.ceil(least) - 1, Math.ceil(Math.log10(Math.max(...positive)))];
}
