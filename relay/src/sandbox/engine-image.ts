/** What is looked at and put back together. */
export const PAGE_BYTES = 4096;

/** A state of an engine to go back to. */
export type Image = {
  readonly bytes: number;
  readonly stackPointer: number;
  readonly runtime: number;
  readonly context: number;
  /** Everything a play can have changed, in order: pages to put back, and spans that were zero (`data` left out). */
  readonly spans: readonly { readonly from: number; readonly to: number; readonly data?: Uint8Array }[];
};

/** By words: an image is taken of every library that a thread loads. The engine's stack, and so `from`, is aligned. */
function isZero({ buffer }: Uint8Array, from: number, to: number): boolean {
  const words = new Int32Array(buffer, from, (to - from) >> 2);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/** Cuts memory from `start` on into spans that are zero and spans that are not, by whole pages. */
export function spansOf(memory: Uint8Array, start: number): Image["spans"] {
  const spans: { from: number; to: number; zero: boolean }[] = [];
  for (let from = start; from < memory.length; from += PAGE_BYTES) {
    const to = Math.min(from + PAGE_BYTES, memory.length);
    const zero = isZero(memory, from, to);
    const last = spans.at(-1);
    if (last && last.zero === zero) last.to = to;
    else spans.push({ from, to, zero });
  }
  return spans.map(({ from, to, zero }) => (zero ? { from, to } : { from, to, data: memory.slice(from, to) }));
}
