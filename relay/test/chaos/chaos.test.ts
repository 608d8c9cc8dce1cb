import { expect, it } from "vitest";
import { FAULTS, type Fault, runRound } from "./chaos.ts";

const LEASE_MS = 5_000;
const rounds = Number(process.env.CIRCLES_CHAOS ?? 1);
const plays = Number(process.env.CIRCLES_CHAOS_PLAYS ?? 400);
const circles = rounds > 1 ? 50 : 10;

/** `npm run chaos`: 20 rounds of each, 5,000 plays in 50 circles. */
it.each(Object.keys(FAULTS) as Fault[])(
  "[WK19] when %s, every play has one effect and one outcome, in order",
  async (fault) => {
    for (let round = 1; round <= rounds; round++) {
      const figures = await runRound(fault, { circles, plays });
      process.stdout.write(`chaos: ${fault}, round ${round}: ${JSON.stringify(figures)}\n`);
      expect(figures.longestPauseMs).toBeLessThan(3 * LEASE_MS);
    }
  },
  3_600_000,
);
