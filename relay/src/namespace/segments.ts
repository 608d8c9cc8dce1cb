import { readdir } from "node:fs/promises";
import { join } from "node:path";

const NAME = /^plays-(\d{6,15})\.jsonl$/;

/** The file of a circle's log in its folder `logs/`. Segments count from 1. */
export function segmentName(number: number): string {
  return `plays-${String(number).padStart(6, "0")}.jsonl`;
}

export function isSegmentName(name: string): boolean {
  return NAME.test(name) && segmentName(Number(NAME.exec(name)?.[1])) === name;
}

export function segmentPath(folder: string, number: number): string {
  return join(folder, segmentName(number));
}

/** The numbers of the segments in a folder, rising; none if there is no folder. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const numbers = names.filter(isSegmentName).map((name) => Number(NAME.exec(name)?.[1]));
  return numbers.toSorted((a, b) => a - b);
}
