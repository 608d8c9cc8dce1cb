import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { LogHead, PublicKey } from "@circles/sdk/protocol";
import { makeBatch } from "../src/namespace/batch.ts";
import { genesis, headAfter } from "../src/namespace/record.ts";
import { segmentName } from "../src/namespace/segments.ts";

/** A segment with these records, whatever they say, its hashes and its chain as they should be. */
export function forgeSegment(
  circle: PublicKey,
  records: readonly object[],
  after: LogHead = genesis(circle),
): { bytes: Buffer; head: LogHead } {
  let head = after;
  const lines = records.map((record) => {
    const seq = head.seq + 1;
    const line = JSON.stringify({ seq, prev: head.hash, at: new Date().toISOString(), ...record });
    head = headAfter(line, { seq });
    return line;
  });
  return { bytes: makeBatch(lines, { synced: 0 }).bytes, head };
}

/** Writes an export with these segments, by their numbers. */
export async function writeExport(
  path: string,
  circle: PublicKey,
  segments: readonly (readonly [number: number, bytes: Buffer])[],
): Promise<void> {
  const parts = segments.flatMap(([number, bytes]) => [
    Buffer.from(`${JSON.stringify({ segment: segmentName(number), bytes: bytes.length })}\n`),
    bytes,
    Buffer.from("\n"),
  ]);
  const body = Buffer.concat([Buffer.from(`${JSON.stringify({ circles_export: 1, circle })}\n`), ...parts]);
  const sha256 = createHash("sha256").update(body).digest("hex");
  await writeFile(path, Buffer.concat([body, Buffer.from(`${JSON.stringify({ sha256 })}\n`)]));
}
