import { expect, it } from "vitest";
import { runFaults } from "./faults.ts";

/** A known sequence of numbers from 0 to 1, so that a failure can be had again (mulberry32 by Tommy Ettinger). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

it("[WK1] a worker that is killed at any step of a commit or a recovery loses nothing it said, and does nothing twice", async () => {
  const kills = Number(process.env.CIRCLES_FAULTS ?? 24);
  const seed = Number(process.env.CIRCLES_FAULTS_SEED ?? Date.now() % 2 ** 31);
  process.stdout.write(`faults: CIRCLES_FAULTS_SEED=${seed}\n`);
  const figures = await runFaults(kills, numbersFrom(seed), (line) => process.stdout.write(`faults: ${line}\n`));
  expect(figures.kills).toBe(kills);
  expect(figures.plays).toBeGreaterThan(kills);
}, 3_600_000);
