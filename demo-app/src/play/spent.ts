import type { Played } from "@circles/sdk";

/** Where a run's time went, in milliseconds. `parts` is empty where the relay did not say. */
export type Spent = { readonly totalMs: number; readonly parts: readonly SpentPart[] };
export type SpentPart = { readonly name: "network" | "queue" | "run" | "commit"; readonly ms: number };

/** The relay says how long it was busy; the rest was the way there and back. */
export function spentOf(totalMs: number, played?: Pick<Played<unknown>, "timing">): Spent {
  const { timing } = played ?? {};
  if (!timing) return { totalMs, parts: [] };
  const { relayMs, runMs, commitMs } = timing;
  const parts: SpentPart[] = [
    { name: "network", ms: totalMs - relayMs },
    { name: "queue", ms: relayMs - runMs - commitMs },
    { name: "run", ms: runMs },
    { name: "commit", ms: commitMs },
  ];
  return { totalMs, parts: parts.map(({ name, ms }) => ({ name, ms: Math.max(0, ms) })) };
}
