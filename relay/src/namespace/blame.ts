import { hash } from "node:crypto";
import type { LogHead } from "@circles/sdk/protocol";
import { readLines } from "./read-lines.ts";
import { parseRecord, type SegmentToRead } from "./read-log.ts";
import type { Record, Seal } from "./record.ts";
import { segmentName } from "./segments.ts";

/** A record that is not what it was, and where it stands or should. */
export type Damage = {
  readonly segment: string;
  readonly byte: number;
  readonly seq: number;
  readonly why: string;
};

/** A line that is no header; `record` if it is one. */
type Found = { readonly record: Record | undefined; readonly hash: string; readonly byte: number };

/** A header, whatever it says: who changes records can make that anew, but not the chain. */
const HEADER = '{"batch":1,';

/**
 * Which record of a damaged segment was altered, removed or moved: the first that breaks the chain from `before`, the head
 * that the segment goes on from, to `seal`, what the next segment says. `otherwise`: what was seen, if the chain is whole.
 */
export async function blame(
  segment: SegmentToRead,
  { before, seal, otherwise }: { before: LogHead; seal: Seal | undefined; otherwise: { byte: number; why: string } },
): Promise<Damage> {
  const found = await linesOf(segment);
  const at = { segment: segmentName(segment.number) };
  let head = before;
  for (const [i, { record, hash, byte }] of found.entries()) {
    const seq = head.seq + 1;
    if (typeof record?.seq !== "number") return { ...at, byte, seq, why: "it was altered: here is no record" };
    if (record.seq !== seq) return { ...at, byte, seq, why: whyAnother(record.seq, seq, found) };
    if (record.prev !== head.hash) {
      const last = found[i - 1];
      // What follows says that this one is as it was; or nothing does, and the first batch that is wrong has the other.
      const following = found[i + 1]?.record?.prev ?? seal?.hash;
      const isIntact = following === undefined ? last && otherwise.byte <= last.byte : hash === following;
      if (isIntact && last) return { ...at, byte: last.byte, seq: head.seq, why: "it was altered" };
      return { ...at, byte, seq, why: "it was altered, or is another log's" };
    }
    head = { seq, hash };
  }
  const last = found.at(-1);
  if (seal && head.seq < seal.seq) return { ...at, byte: segment.size, seq: head.seq + 1, why: "it was removed" };
  const inDoubt = found.filter(({ byte }) => byte >= otherwise.byte);
  // The chain says of each record that the one before is as it was, and the seal says so of the last.
  const isLast = seal ? seal.hash !== head.hash : inDoubt.length === 1;
  if (last && isLast) return { ...at, byte: last.byte, seq: head.seq, why: "it was altered" };
  return { ...at, ...otherwise, seq: inDoubt[0]?.record?.seq ?? head.seq + 1 };
}

function whyAnother(came: number, seq: number, found: readonly Found[]): string {
  if (came < seq) return `it was removed or moved: record ${came} stands here again`;
  const moved = found.find(({ record }) => record?.seq === seq);
  if (moved) return `it was moved to byte ${moved.byte}: record ${came} stands here`;
  return `it was removed: record ${came} stands here`;
}

async function linesOf({ file, size }: SegmentToRead): Promise<Found[]> {
  const found: Found[] = [];
  for await (const { bytes, offset } of readLines(file, 0)) {
    if (offset + bytes.length >= size) break;
    const line = bytes.toString("utf8");
    if (line.startsWith(HEADER)) continue;
    const record = parseRecord(line);
    found.push({ record: record && stampOf(record), hash: hash("sha256", bytes), byte: offset });
  }
  return found;
}

/** Without what it says, which may be much. */
function stampOf({ seq, prev, at }: Record): Record {
  return { seq, prev, at } as Record;
}
