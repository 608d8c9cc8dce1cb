import type { Played } from "@circles/sdk";

/** Where a run's time went, in milliseconds. `parts` is empty where the relay did not say. */
export type Spent = { readonly totalMs: number; readonly parts: readonly SpentPart[] };
export type SpentPart = { readonly kind: "network" | "queue" | "run" | "commit"; readonly ms: number };

/** The relay says how long it was busy; the rest was the way there and back, and the signature. */
export function spentOf(totalMs: number, played?: Pick<Played<unknown>, "timing">): Spent {
  const { timing } = played ?? {};
  if (!timing) return { totalMs, parts: [] };
  const { relay_ms, run_ms, commit_ms } = timing;
  const parts: SpentPart[] = [
    { kind: "network", ms: totalMs - relay_ms },
    { kind: "queue", ms: relay_ms - run_ms - commit_ms },
    { kind: "run", ms: run_ms },
    { kind: "commit", ms: commit_ms },
  ];
  return { totalMs, parts: parts.map(({ kind, ms }) => ({ kind, ms: Math.max(0, ms) })) };
}
