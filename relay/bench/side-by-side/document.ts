import { listed } from "../document.ts";
import type { Results } from "./results.ts";
import { figureRows, toMarkdown } from "./tables.ts";

/** What a run has found, as docs/benchmarks.md shows it. */
export function sectionOf(
  { date, commit, machine, versions, durability, method, figures }: Results,
  plots: readonly { readonly file: string; readonly title: string }[],
): string {
  return [
    `Run on ${date.slice(0, 10)} at commit ${commit}. ${method.join(" ")}`,
    `Machine: ${listed(machine)}.`,
    `Versions: ${listed(versions)}.`,
    `Durability:\n\n${Object.entries(durability)
      .map(([name, what]) => `- ${name}: ${what}`)
      .join("\n")}`,
    ...plots.map(({ file, title }) => `![${title}](benchmarks/${file})`),
    `<details><summary>All figures</summary>\n\n${toMarkdown(figureRows(figures))}\n\n</details>`,
  ].join("\n\n");
}
