import type { LogHead } from "@circles/sdk";
import type { CheckedRecord } from "@circles/sdk/log";

/** What became of a chain of records, by what its reader knows. */
export type ChainCheck =
  | {
      readonly is: "whole";
      readonly from: number;
      readonly to: number;
      /** How many heads that were kept stand in it. */
      readonly heads: number;
      /** Records whose lines were too long to be sent: their hashes are the relay's word, to which the next record holds it. */
      readonly unseen: number;
    }
  | { readonly is: "broken"; readonly why: string };

/**
 * Does each record follow the one before it, and are those that were answered among them? Kept heads outside of the records are
 * not judged. `lost`: the number of a record that was answered once, and was not there when the log began to be read.
 */
export function checkChain(
  records: readonly CheckedRecord[],
  { heads, lost }: { readonly heads: readonly LogHead[]; readonly lost?: number | undefined },
): ChainCheck | undefined {
  const [first, last] = [records[0], records.at(-1)];
  if (!first || !last) return undefined;
  const fault = records.find((one) => one.fault !== undefined)?.fault;
  if (fault !== undefined) return { is: "broken", why: fault };
  const from = first.record.seq;
  const to = last.record.seq;
  if (lost !== undefined) return { is: "broken", why: `record ${lost} was answered, and is not there` };
  const judged = heads.filter(({ seq }) => seq >= from && seq <= to);
  const other = judged.find(({ seq, hash }) => records[seq - from]?.hash !== hash);
  if (other) return { is: "broken", why: `record ${other.seq} is not the one that was answered` };
  return { is: "whole", from, to, heads: judged.length, unseen: records.filter((one) => !one.isHashed).length };
}
