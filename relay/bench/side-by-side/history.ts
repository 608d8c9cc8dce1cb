import { appendFile, readFile } from "node:fs/promises";
import { goodnessOf, type Ratio } from "./aims.ts";
import type { Results } from "./results.ts";

/** One line of history.jsonl. */
type Entry = { readonly date: string; readonly commit: string; readonly ratios: Readonly<Record<string, number>> };

/** A ratio that has lost more than this share of what it was is worth a look. */
const NOTICED_LOSS = 0.2;

/** Appends the run to the history and says what is worse than in the run before. */
export async function appendHistory(file: string | URL, { date, commit, ratios }: Results): Promise<string[]> {
  const last = await readLast(file);
  const values = ratios.map(({ id, value }) => [id, Number(value.toPrecision(4))] as const);
  const entry: Entry = { date, commit, ratios: Object.fromEntries(values) };
  await appendFile(file, `${JSON.stringify(entry)}\n`);
  return last ? noticesOf(ratios, last) : [];
}

function noticesOf(ratios: readonly Ratio[], { date, commit, ratios: before }: Entry): string[] {
  return ratios.flatMap((ratio) => {
    const then = before[ratio.id];
    if (then === undefined || goodnessOf(ratio, then) >= 1 - NOTICED_LOSS) return [];
    return [`WORSE: ${ratio.what}: ${ratio.value.toPrecision(3)}, was ${then} on ${date} at ${commit}`];
  });
}

async function readLast(file: string | URL): Promise<Entry | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return "";
  });
  const line = text.trim().split("\n").at(-1);
  return line ? (JSON.parse(line) as Entry) : undefined;
}
