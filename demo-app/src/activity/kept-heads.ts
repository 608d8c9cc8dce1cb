import type { LogHead } from "@circles/sdk";

/** As many of each circle: enough to hold its relay to what it said over weeks of use. */
const MOST_HEADS = 200;

/**
 * Keeps the head of a log that came with an answer from a circle: whoever alters what was before it can be shown to have. What is no
 * head is not kept, and nothing is where there is no room; it never throws.
 */
export function keepHead(circleUrl: string, head: unknown): void {
  if (!isHead(head)) return;
  const { seq, hash } = head;
  const others = keptHeads(circleUrl).filter((kept) => kept.seq !== seq || kept.hash !== hash);
  const heads = [...others, { seq, hash }].toSorted((a, b) => a.seq - b.seq).slice(-MOST_HEADS);
  try {
    localStorage.setItem(keyOf(circleUrl), JSON.stringify(heads));
  } catch {
    // full: the play has happened all the same
  }
}

/** Rising. */
export function keptHeads(circleUrl: string): readonly LogHead[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(circleUrl)) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isHead) : [];
  } catch {
    return []; // somebody else wrote there
  }
}

function isHead(value: unknown): value is LogHead {
  const { seq, hash } = (value ?? {}) as Partial<LogHead>;
  return Number.isSafeInteger(seq) && typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash);
}

function keyOf(circleUrl: string): string {
  return `circles-heads-${circleUrl}`;
}
