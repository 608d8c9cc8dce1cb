import type { Results } from "./results.ts";
import { figureRows, ratioRows, toMarkdown } from "./tables.ts";

const BEGIN = "<!-- begin of what `npm run bench` writes -->";
const END = "<!-- end of what `npm run bench` writes -->";

/** `document` with this run between the two marks in it. */
export function withResults(
  document: string,
  results: Results,
  plots: readonly { readonly file: string; readonly title: string }[],
): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`document: expected a line ${BEGIN} and after it a line ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${sectionOf(results, plots)}\n\n${document.slice(end)}`;
}

function sectionOf(
  { date, commit, machine, versions, durability, method, figures, ratios }: Results,
  plots: readonly { readonly file: string; readonly title: string }[],
): string {
  const listed = (record: Readonly<Record<string, string | number>>) =>
    Object.entries(record)
      .map(([name, value]) => `${name} ${value}`)
      .join(" · ");
  return [
    `Run on ${date.slice(0, 10)} at commit ${commit}. ${method.join(" ")}`,
    `Machine: ${listed(machine)}.`,
    `Versions: ${listed(versions)}.`,
    `Durability:\n\n${Object.entries(durability)
      .map(([name, what]) => `- ${name}: ${what}`)
      .join("\n")}`,
    toMarkdown(ratioRows(ratios)),
    ...plots.map(({ file, title }) => `![${title}](benchmarks/${file})`),
    `<details><summary>All figures</summary>\n\n${toMarkdown(figureRows(figures))}\n\n</details>`,
  ].join("\n\n");
}
