import { drawSvg, drawText } from "../charts/svg.ts";

export type Row = { readonly label: string; readonly parts: ReadonlyMap<string, number> };

const [LEFT, WIDTH, RIGHT] = [190, 560, 80];
const [TOP, ROW, GROUP_GAP, BOTTOM] = [58, 18, 26, 16];

/** One bar for each part of each row, on one scale from 0, as the text of an SVG. Values are in microseconds. */
export function drawParts({ title, note, rows }: { title: string; note: string; rows: readonly Row[] }): string {
  const most = Math.max(...rows.flatMap(({ parts }) => [...parts.values()]), 1);
  const drawn = [drawText({ x: 16, y: 26, style: "title" }, title), drawText({ x: 16, y: 44, style: "small" }, note)];
  let y = TOP;
  for (const [i, { label, parts }] of rows.entries()) {
    const sum = [...parts.values()].reduce((total, us) => total + us, 0);
    drawn.push(drawText({ x: 16, y: y + 14, style: "strong" }, `${label}: ${sum.toFixed(0)} µs`));
    y += ROW + 4;
    for (const [part, us] of parts) {
      const width = Math.max((us / most) * WIDTH, 1);
      drawn.push(
        drawText({ x: LEFT - 10, y: y + 12, anchor: "end" }, part),
        `<rect class="fill${i}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 4}"/>`,
        drawText({ x: LEFT + width + 6, y: y + 11, style: "small" }, us.toFixed(1)),
      );
      y += ROW;
    }
    y += GROUP_GAP - ROW;
  }
  return drawSvg({ title, width: LEFT + WIDTH + RIGHT, height: y + BOTTOM }, drawn);
}
