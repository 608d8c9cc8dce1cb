/** Horizontal bars in groups, on a logarithmic scale, as the text of an SVG that is legible in light and in dark. */
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

/** For light and for dark. */
export const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 } .strong { font-weight: 600 }
  .small { font-size: 10px; fill: #59636e }
  .paper { fill: #ffffff; stroke: #d1d9e0 }
  .grid { stroke: #d1d9e0 }
  .bar0 { fill: #0072b2 } .bar1 { fill: #d98c00 } .bar2 { fill: #00835f }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 } .paper { fill: #0d1117; stroke: #3d444d } .grid { stroke: #3d444d }
    .bar0 { fill: #4aa8e0 } .bar1 { fill: #e8a83a } .bar2 { fill: #2fb98f }
  }`;

export function drawBarChart({ title, unit, series, groups }: BarChart): string {
  const values = groups.flatMap(({ bars }) => bars.flatMap(({ from, to }) => (from === undefined ? [to] : [from, to])));
  const [low, high] = decadesAround(values);
  const x = (value: number) =>
    LEFT + (WIDTH * (Math.log10(Math.max(value, 10 ** low)) - low)) / Math.max(high - low, 1);
  const groupHeight = series.length * BAR + GAP;
  const bottom = TOP + groups.length * groupHeight;
  const parts = [
    text({ x: 16, y: 26, style: "title" }, title),
    text({ x: 16, y: 46, style: "small" }, unit),
    ...series.map((name, i) => legend(name, i)),
    ...Array.from({ length: high - low + 1 }, (_, i) => gridLine(x(10 ** (low + i)), 10 ** (low + i), bottom)),
    ...groups.flatMap(({ label, bars }, g) => {
      const y = TOP + g * groupHeight;
      return [
        text({ x: LEFT - 10, y: y + (series.length * BAR) / 2 + 4, anchor: "end" }, label),
        ...bars.flatMap((bar, i) => drawBar(bar, i, { x, low, y: y + i * BAR })),
      ];
    }),
  ];
  const [width, height] = [LEFT + WIDTH + RIGHT, bottom + BOTTOM];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>${STYLE}
</style>
<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${parts.join("\n")}
</svg>
`;
}

function drawBar(
  { from, to, text: written }: Bar,
  series: number,
  { x, low, y }: { x: (value: number) => number; low: number; y: number },
): string[] {
  const begin = x(from ?? 10 ** low);
  const length = Math.max(x(to) - begin, 2);
  return [
    `<rect class="bar${series}" x="${begin.toFixed(1)}" y="${y}" width="${length.toFixed(1)}" height="${BAR - 1}"/>`,
    text({ x: begin + length + 5, y: y + BAR - 2, style: "small" }, written),
  ];
}

function legend(name: string, series: number): string {
  const x = LEFT + series * 130;
  return `<rect class="bar${series}" x="${x}" y="38" width="10" height="10"/>${text({ x: x + 15, y: 47 }, name)}`;
}

function gridLine(x: number, value: number, bottom: number): string {
  const line = `<line class="grid" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP - 8}" y2="${bottom}"/>`;
  return line + text({ x, y: bottom + 16, style: "small", anchor: "middle" }, value.toLocaleString("en"));
}

/** The powers of ten between which all of `values` lie, with room below so that the least has a bar. */
function decadesAround(values: readonly number[]): [low: number, high: number] {
  const positive = values.filter((value) => value > 0);
  const least = Math.log10(Math.min(...positive));
  return [Math.ceil(least) - 1, Math.ceil(Math.log10(Math.max(...positive)))];
}

export function text(
  { x, y, style, anchor }: { x: number; y: number; style?: string; anchor?: string },
  content: string,
) {
  const more = (style ? ` class="${style}"` : "") + (anchor ? ` text-anchor="${anchor}"` : "");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${more}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
