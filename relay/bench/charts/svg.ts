const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 } .strong { font-weight: 600 }
  .small { font-size: 10px; fill: #59636e }
  .paper { fill: #ffffff; stroke: #d1d9e0 }
  .grid { stroke: #d1d9e0 }
  .fill0 { fill: #0072b2 } .fill1 { fill: #d98c00 } .fill2 { fill: #00835f }
  .fill3 { fill: #b0457b } .fill4 { fill: #6b5bd2 } .fill5 { fill: #6e7781 }
  .line { fill: none; stroke-width: 2 }
  .line0 { stroke: #0072b2 } .line1 { stroke: #d98c00 } .line2 { stroke: #00835f }
  .line3 { stroke: #b0457b } .line4 { stroke: #6b5bd2 } .line5 { stroke: #6e7781 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 } .paper { fill: #0d1117; stroke: #3d444d } .grid { stroke: #3d444d }
    .fill0 { fill: #4aa8e0 } .fill1 { fill: #e8a83a } .fill2 { fill: #2fb98f }
    .fill3 { fill: #e07fb0 } .fill4 { fill: #a397f5 } .fill5 { fill: #9198a1 }
    .line0 { stroke: #4aa8e0 } .line1 { stroke: #e8a83a } .line2 { stroke: #2fb98f }
    .line3 { stroke: #e07fb0 } .line4 { stroke: #a397f5 } .line5 { stroke: #9198a1 }
  }`;

/** As many colours as there are. */
export const MOST_SERIES = 6;

/** The text of a picture that is legible in light and in dark. `parts` are its elements, the first at the back. */
export function drawSvg(
  { title, width, height }: { title: string; width: number; height: number },
  parts: readonly string[],
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>${STYLE}
</style>
<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${parts.join("\n")}
</svg>
`;
}

type Place = { readonly x: number; readonly y: number; readonly style?: string; readonly anchor?: string };

export function drawText({ x, y, style, anchor }: Place, content: string): string {
  const more = (style ? ` class="${style}"` : "") + (anchor ? ` text-anchor="${anchor}"` : "");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${more}>${escapeXml(content)}</text>`;
}

/** The name of a series, its colour before it. */
export function drawLegend({ x, y }: { x: number; y: number }, series: number, name: string): string {
  return `<rect class="fill${series}" x="${x}" y="${y - 9}" width="10" height="10"/>${drawText({ x: x + 15, y }, name)}`;
}

/** A number where there is little room for it. */
export function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(2)));
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
