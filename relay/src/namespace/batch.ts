import { hash } from "node:crypto";

/**
 * Lines go into a log in batches, each behind a header line with its length and hash. So a batch that was cut short by
 * a crash is told from one that was changed afterwards.
 */
type Header = { readonly batch: 1; readonly records: number; readonly bytes: number; readonly sha256: string };

const HEADER_START = '{"batch":1,';

/** The bytes of a batch, and where in them the first line begins. */
export function makeBatch(lines: readonly string[]): { bytes: Buffer; firstLine: number } {
  const body = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const sha256 = hash("sha256", body);
  const header = `${JSON.stringify({ batch: 1, records: lines.length, bytes: body.length, sha256 } satisfies Header)}\n`;
  return { bytes: Buffer.concat([Buffer.from(header), body]), firstLine: header.length };
}

/** What stands at the start of some bytes of a log. */
export type BatchRead =
  /** `end` is where the next batch begins. */
  | {
      readonly kind: "batch";
      readonly lines: readonly { readonly line: string; readonly offset: number }[];
      readonly end: number;
    }
  /** More bytes are needed; if there are none, this batch was cut short. */
  | { readonly kind: "short" }
  | { readonly kind: "damaged"; readonly why: string };

/** Reads the batch that begins at `offset`. Only a whole batch with the right hash is one. */
export function readBatch(bytes: Buffer, offset: number): BatchRead {
  const headerEnd = bytes.indexOf("\n", offset);
  if (headerEnd < 0) return { kind: "short" };
  const header = parseHeader(bytes.toString("utf8", offset, headerEnd));
  if (!header) return { kind: "damaged", why: "expected the header of a batch" };
  const start = headerEnd + 1;
  const end = start + header.bytes;
  if (end > bytes.length) return { kind: "short" };
  const body = bytes.subarray(start, end);
  if (hash("sha256", body) !== header.sha256) return { kind: "damaged", why: "the batch has not the hash it had" };
  const lines: { line: string; offset: number }[] = [];
  for (let from = 0; from < body.length; ) {
    const to = body.indexOf("\n", from);
    lines.push({ line: body.toString("utf8", from, to), offset: start + from });
    from = to + 1;
  }
  return { kind: "batch", lines, end };
}

/**
 * Was the last batch of a log, at `offset`, never written whole? That is so where the bytes end too early or a file
 * system filled in zeros, and nothing follows that was written later.
 */
export function isTorn(bytes: Buffer, offset: number, read: BatchRead): boolean {
  const laterBatch = bytes.indexOf(`\n${HEADER_START}`, offset) >= 0;
  return !laterBatch && (read.kind === "short" || bytes.includes(0, offset));
}

function parseHeader(line: string): Header | undefined {
  if (!line.startsWith(HEADER_START)) return undefined;
  try {
    const header = JSON.parse(line) as Header;
    return Number.isSafeInteger(header.bytes) && header.bytes > 0 ? header : undefined;
  } catch {
    return undefined; // told to the caller as damage
  }
}
