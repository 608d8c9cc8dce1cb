import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FoundCurve } from "./curves/curve.ts";
import { replaceSection } from "./document.ts";
import type { Results } from "./side-by-side/results.ts";
import { ratioRows, toMarkdown } from "./side-by-side/tables.ts";

const DOCS = fileURLToPath(new URL("../../docs", import.meta.url));

/** docs/benchmarks.md and the files beside it; of a brief run, whose figures are none, in a temporary folder. */
export class Report {
  readonly #folder: string;

  constructor({ isBrief }: { isBrief: boolean }) {
    this.#folder = isBrief ? join(tmpdir(), "circles-bench-brief") : DOCS;
  }

  /** Of a file in the folder `benchmarks`. */
  path(file: string): string {
    return join(this.#folder, "benchmarks", file);
  }

  async write(file: string, content: string): Promise<void> {
    await mkdir(join(this.path(file), ".."), { recursive: true });
    await writeFile(this.path(file), content);
  }

  async writeJson(file: string, content: object): Promise<void> {
    await this.write(file, `${JSON.stringify(content, null, 2)}\n`);
  }

  /** Puts a section into the document, and the aims of all runs that left their results here. */
  async writeSection(name: string, content: string): Promise<void> {
    const file = join(this.#folder, "benchmarks.md");
    const document = await readFile(file, "utf8").catch(() => readFile(join(DOCS, "benchmarks.md"), "utf8"));
    const withContent = replaceSection(document, name, content);
    await writeFile(file, replaceSection(withContent, "the aims", toMarkdown(ratioRows(await this.#readRatios()))));
    console.log(`written to ${this.#folder}: benchmarks.md, and what belongs to it in benchmarks/`);
  }

  /** Those that were ever measured here, in the order of their names. */
  async readCurves(): Promise<FoundCurve[]> {
    const files = await readdir(this.path("curves")).catch(() => []);
    const found = files.filter((file) => file.endsWith(".json")).map((file) => this.#readJson(`curves/${file}`));
    return (await Promise.all(found)) as FoundCurve[];
  }

  async #readRatios() {
    const results = (await this.#readJson("results.json").catch(() => ({ ratios: [] }))) as Pick<Results, "ratios">;
    const curves = await this.readCurves();
    return [...results.ratios, ...curves.flatMap(({ ratios }) => ratios)];
  }

  async #readJson(file: string): Promise<unknown> {
    return JSON.parse(await readFile(this.path(file), "utf8"));
  }
}
