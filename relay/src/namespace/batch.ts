import { hash } from "node:crypto";

/**
 * Lines go into a log in batches, each behind a header line with its length and hash (rule LG1 of SPEC.md). So a batch
 * that was cut short by a crash is told from one that was changed afterwards.
 */
const HEADER =
  /^\{"batch":1,"records":(?<records>\d{1,9}),"bytes":(?<bytes>\d{1,9}),"synced":(?<synced>\d{1,15}),"sha256":"[0-9a-f]{64}"\}$/;
const HEADER_START = '{"batch":1,';

const LINE_END = 0x0a;
/** A header has at most 145. */
const MOST_HEADER_BYTES = 160;
/** Far above what the limits on one play allow. What claims more is no batch, so nobody reads that much to find out. */
const MOST_BATCH_BYTES = 64 * 2 ** 20;

/** The bytes of a batch, and where in them the first line begins. `synced` bytes of the log are known to be on disk. */
export function makeBatch(lines: readonly string[], { synced }: { synced: number }) {
  const body = `${lines.join("\n")}\n`;
  const size = Buffer.byteLength(body);
  if (size > MOST_BATCH_BYTES) throw new RangeError(`log: expected at most ${MOST_BATCH_BYTES} bytes, got ${size}`);
  const header = headerOf({ records: lines.length, bytes: size, synced }, body);
  return { bytes: Buffer.from(`${header}\n${body}`), firstLine: header.length + 1 };
}

/** What stands at the start of some bytes of a log. */
export type BatchRead =
  /** `end` is where the next batch begins. */
  | { readonly kind: "batch"; readonly lines: readonly BatchLine[]; readonly end: number }
  /** More bytes are needed; if there are none, this batch was cut short. */
  | { readonly kind: "short" }
  | { readonly kind: "damaged"; readonly why: string };
export type BatchLine = { readonly line: string; readonly offset: number; readonly bytes: number };

/** Reads the batch that begins at `offset`. Only a whole batch with the right hash is one. */
export function readBatch(bytes: Buffer, offset: number): BatchRead {
  const start = bytes.subarray(offset, offset + MOST_HEADER_BYTES).toString("latin1");
  const headerBytes = start.indexOf("\n");
  if (headerBytes < 0 && start.length < MOST_HEADER_BYTES) return { kind: "short" };
  const header = parseHeader(start.slice(0, headerBytes));
  if (!header) return { kind: "damaged", why: "expected the header of a batch" };
  const firstLine = offset + headerBytes + 1;
  const end = firstLine + header.bytes;
  if (end > bytes.length) return { kind: "short" };
  const body = bytes.subarray(firstLine, end);
  if (headerOf(header, body) !== start.slice(0, headerBytes)) {
    return { kind: "damaged", why: "a batch has not the hash it had" };
  }
  const lines = splitLines(body, firstLine);
  if (lines.length !== header.records || body.at(-1) !== LINE_END)
    return { kind: "damaged", why: "a batch has not the records it had" };
  return { kind: "batch", lines, end };
}

/**
 * The `synced` of each header in these bytes that begins a line after the first; -1 where a header was cut short. The end
 * of the line before it may be what is damaged.
 */
export function syncedOfHeaders(bytes: Buffer): number[] {
  const synced: number[] = [];
  for (let at = bytes.indexOf(HEADER_START, 1); at >= 0; at = bytes.indexOf(HEADER_START, at + 1)) {
    if (![0, LINE_END].includes(bytes[at - 1] ?? LINE_END)) continue;
    const [line = ""] = bytes.toString("latin1", at, at + MOST_HEADER_BYTES).split("\n");
    synced.push(parseHeader(line)?.synced ?? -1);
  }
  return synced;
}

type Header = { readonly records: number; readonly bytes: number; readonly synced: number };

function headerOf({ records, bytes, synced }: Header, body: string | Buffer): string {
  const counts = `{"batch":1,"records":${records},"bytes":${bytes},"synced":${synced}`;
  const covered = typeof body === "string" ? `${counts}\n${body}` : Buffer.concat([Buffer.from(`${counts}\n`), body]);
  return `${counts},"sha256":"${hash("sha256", covered)}"}`;
}

function parseHeader(line: string): Header | undefined {
  const found = HEADER.exec(line)?.groups;
  if (!found) return undefined;
  const header = { records: Number(found.records), bytes: Number(found.bytes), synced: Number(found.synced) };
  return header.bytes > 0 && header.bytes <= MOST_BATCH_BYTES ? header : undefined;
}

function splitLines(body: Buffer, offset: number): BatchLine[] {
  const lines: BatchLine[] = [];
  for (let from = 0; from < body.length; ) {
    const end = body.indexOf("\n", from);
    const to = end < 0 ? body.length : end;
    lines.push({ line: body.toString("utf8", from, to), offset: offset + from, bytes: to - from });
    from = to + 1;
  }
  return lines;
}
