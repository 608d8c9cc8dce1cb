import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { PublicKey } from "@circles/sdk/protocol";
import { type LogReport, verifyLog } from "./verify-log.ts";

/** The first line of an export, then for each segment a line of its own and its bytes, and a line feed after each. */
export type ExportHeader = { readonly circles_export: 1; readonly circle: PublicKey };
export type SegmentHeader = { readonly segment: string; readonly bytes: number };
export type ExportTrailer = { readonly sha256: string };

/**
 * Writes a circle's log, which holds everything, as one file at `to`, which must not be there. It may be open meanwhile: then
 * the file has what was in the log when each segment was reached. Resolves with `undefined` if there is no such circle.
 */
export async function exportCircle(given: {
  dbPath: string;
  circle: PublicKey;
  to: string;
}): Promise<LogReport | undefined> {
  const { dbPath, circle, to } = given;
  const folder = join(dbPath, circle, "logs");
  const report = await verifyLog({ folder, circle });
  if (!report || report.damage) return report;
  const file = await open(to, "wx", 0o600);
  try {
    const sha256 = createHash("sha256");
    const write = async (bytes: string | Buffer) => {
      sha256.update(bytes);
      await file.writeFile(bytes);
    };
    await write(`${JSON.stringify({ circles_export: 1, circle } satisfies ExportHeader)}\n`);
    for (const segment of report.segments) {
      const path = join(folder, segment);
      const { size: bytes } = await stat(path);
      await write(`${JSON.stringify({ segment, bytes } satisfies SegmentHeader)}\n`);
      let left = bytes;
      if (bytes > 0) {
        for await (const chunk of createReadStream(path, { end: bytes - 1 })) {
          await write(chunk as Buffer);
          left -= (chunk as Buffer).length;
        }
      }
      if (left > 0) throw new Error(`export: ${segment} became shorter meanwhile: try again`);
      await write("\n");
    }
    await file.writeFile(`${JSON.stringify({ sha256: sha256.digest("hex") } satisfies ExportTrailer)}\n`);
    await file.sync();
  } catch (error) {
    await rm(to, { force: true });
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw isGone ? new Error("export: a segment was removed meanwhile, for its time was over: try again") : error;
  } finally {
    await file.close();
  }
  return report;
}
