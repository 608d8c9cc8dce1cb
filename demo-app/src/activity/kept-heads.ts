import type { LogHead } from "@circles/sdk";

/** As many of each circle: enough to hold its relay to what it said over weeks of use. */
const MOST_HEADS = 200;

/** Keeps the head of a log that came with an answer: whoever alters what was before it can be shown to have. */
export function keepHead(circle: string, { seq, hash }: LogHead): void {
  const others = keptHeads(circle).filter((head) => head.seq !== seq || head.hash !== hash);
  const heads = [...others, { seq, hash }].toSorted((a, b) => a.seq - b.seq).slice(-MOST_HEADS);
  localStorage.setItem(keyOf(circle), JSON.stringify(heads));
}

/** Rising. */
export function keptHeads(circle: string): readonly LogHead[] {
  const text = localStorage.getItem(keyOf(circle));
  return text === null ? [] : (JSON.parse(text) as readonly LogHead[]);
}

function keyOf(circle: string): string {
  return `circles-heads-${circle}`;
}
