import { drawLegend, drawSvg, drawText, MOST_SERIES, short } from "./svg.ts";

/** Lines over a logarithmic x, from a y of zero, so that a bend is seen as large as it is. */
export type LineChart = {
  readonly title: string;
  /** What is counted along the x axis. */
  readonly x: string;
  /** At most six. */
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
};

const [LEFT, WIDTH, RIGHT] = [80, 480, 330];
const [TOP, HEIGHT, BOTTOM] = [56, 250, 48];
const LINES_ACROSS = 5;

export function drawLineChart({ title, x: along, series }: LineChart): string {
  if (series.length > MOST_SERIES) throw new RangeError(`line chart: expected ${MOST_SERIES} series at most, got more`);
  const points = series.flatMap((each) => each.points);
  const [low, high] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))];
  const top = roundUp(Math.max(...points.map(([, y]) => y)));
  const xOf = (value: number) => LEFT + (WIDTH * Math.log(value / low)) / Math.max(Math.log(high / low), 1);
  const yOf = (value: number) => TOP + HEIGHT * (1 - Math.max(value, 0) / top);
  const xs = [...new Set(points.map(([x]) => x))];
  return drawSvg({ title, width: LEFT + WIDTH + RIGHT, height: TOP + HEIGHT + BOTTOM }, [
    drawText({ x: 16, y: 26, style: "title" }, title),
    ...Array.from({ length: LINES_ACROSS + 1 }, (_, i) => lineAcross(yOf, (top * i) / LINES_ACROSS)),
    ...xs.map((x) => drawText({ x: xOf(x), y: TOP + HEIGHT + 16, style: "small", anchor: "middle" }, short(x))),
    drawText({ x: LEFT + WIDTH / 2, y: TOP + HEIGHT + 36, anchor: "middle" }, along),
    ...series.flatMap(({ name, points: ofSeries }, i) => {
      const places = ofSeries.map(([x, y]) => ({ x: xOf(x).toFixed(1), y: yOf(y).toFixed(1) }));
      return [
        `<polyline class="line line${i}" points="${places.map(({ x, y }) => `${x},${y}`).join(" ")}"/>`,
        ...places.map(({ x, y }) => `<circle class="fill${i}" cx="${x}" cy="${y}" r="3"/>`),
        drawLegend({ x: LEFT + WIDTH + 30, y: TOP + 12 + 20 * i }, i, name),
      ];
    }),
  ]);
}

function lineAcross(yOf: (value: number) => number, value: number): string {
  const y = yOf(value);
  const line = `<line class="grid" x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`;
  return line + drawText({ x: LEFT - 8, y: y + 4, style: "small", anchor: "end" }, short(value));
}

/** To one, two or five of a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10);
}
