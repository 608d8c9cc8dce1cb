import type { PlayTiming } from "./protocol/messages.ts";

/** Is it what a relay may say of a play's time (M17 of SPEC.md)? The value of the play does not hang on it. */
export function isPlayTiming(value: unknown): value is PlayTiming {
  if (typeof value !== "object" || value === null) return false;
  const { relay_ms, run_ms, commit_ms } = value as PlayTiming;
  const areTimes = [relay_ms, run_ms, commit_ms].every((ms) => Number.isFinite(ms) && ms >= 0);
  return areTimes && run_ms + commit_ms <= relay_ms;
}
