import type { Played } from "@circles/sdk";

/** Where a run's time went, in milliseconds. `parts` is empty where the relay did not say. */
export type Spent = { readonly totalMs: number; readonly parts: readonly SpentPart[] };
export type SpentPart = { readonly name: "network" | "queue" | "run" | "commit"; readonly ms: number };

/** The relay says how long it was busy; the rest was the way there and back. */
export function spentOf(totalMs: number, played?: Pick<Played<unknown>, "timing">): Spent {
  const { timing } = played ?? {};
  if (!timing) return { totalMs, parts: [] };
  const { relay_ms, run_ms, commit_ms } = timing;
  const parts: SpentPart[] = [
    { name: "network", ms: totalMs - relay_ms },
    { name: "queue", ms: relay_ms - run_ms - commit_ms },
    { name: "run", ms: run_ms },
    { name: "commit", ms: commit_ms },
  ];
  return { totalMs, parts: parts.map(({ name, ms }) => ({ name, ms: Math.max(0, ms) })) };
}
