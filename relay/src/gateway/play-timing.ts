import type { PlayTiming } from "@circles/sdk/protocol";
import type { Outcome } from "../task.ts";

/**
 * What is told of the time of a play that was under way here for `relayMs`. `undefined` where nothing was run for it, or
 * its run had begun before: it was sent again meanwhile.
 */
export function timingOf({ timing }: Outcome, relayMs: number): PlayTiming | undefined {
  if (!timing) return undefined;
  const told = { relay_ms: rounded(relayMs), run_ms: rounded(timing.run_ms), commit_ms: rounded(timing.commit_ms) };
  const { relay_ms, run_ms, commit_ms } = told;
  // What comes by Redis anybody may have written who can write there.
  return run_ms >= 0 && commit_ms >= 0 && run_ms + commit_ms <= relay_ms ? told : undefined;
}

/** Down, so that what was not more stays so. Finer, callers would hear more of what they may not see. */
function rounded(ms: number): number {
  return Math.floor(ms * 10) / 10;
}
