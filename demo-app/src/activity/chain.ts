import type { LogHead, LogRecord } from "@circles/sdk";

/** What became of a chain of records, by what its reader knows. */
export type ChainCheck =
  | { readonly is: "whole"; readonly from: number; readonly to: number; readonly heads: number }
  | { readonly is: "broken"; readonly at: number; readonly why: string };

/**
 * Are records numbered without a gap, and do those after kept heads name these heads? A log that was rewritten or cut off before one
 * of them is found; what each record says is not hashed here, for not all that is hashed is shown. Records without a gap, oldest first; heads outside of them are not judged.
 */
export function checkChain(records: readonly LogRecord[], heads: readonly LogHead[]): ChainCheck | undefined {
  const [first, last] = [records[0], records.at(-1)];
  if (!first || !last) return undefined;
  const prevs = new Map<number, string>();
  let expected = first.seq;
  for (const { seq, prev } of records) {
    if (seq !== expected) return { is: "broken", at: expected, why: `expected record ${expected}, got ${seq}` };
    prevs.set(seq, prev);
    expected += 1;
  }
  let judged = 0;
  for (const { seq, hash } of heads) {
    const prev = prevs.get(seq + 1);
    if (prev === undefined) {
      if (seq > last.seq)
        return { is: "broken", at: last.seq + 1, why: `record ${seq} was answered, and is not there` };
      continue;
    }
    if (bare(prev) !== bare(hash)) {
      return { is: "broken", at: seq, why: `record ${seq} is not the one that was answered` };
    }
    judged += 1;
  }
  return { is: "whole", from: first.seq, to: last.seq, heads: judged };
}

function bare(hash: string): string {
  return hash.replace(/^sha256:/, "");
}
