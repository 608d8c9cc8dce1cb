import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

const NAME = /^plays-(\d{6,15})\.jsonl$/;
const BEGUN_NAME = /^plays-\d{6,15}\.jsonl\.[0-9a-f-]{36}$/;

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

/** A file for a segment that has no seal yet, and is no segment before that. Each that is asked for is another one. */
export function begunPath(folder: string, number: number): string {
  return `${segmentPath(folder, number)}.${randomUUID()}`;
}

/** The files in a folder that were to be segments. */
export async function listBegun(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => BEGUN_NAME.test(name)).map((name) => join(folder, name));
}

/** The numbers of the segments in a folder, rising; none if there is no folder. */
export async function listSegments(folder: string): Promise<number[]> {
  const numbers = (await namesIn(folder)).filter(isSegmentName).map((name) => Number(NAME.exec(name)?.[1]));
  return numbers.toSorted((a, b) => a - b);
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}
