import { hash } from "node:crypto";
import { readLines } from "./read-lines.ts";
import { LogDamaged, openSegment, parseRecord } from "./read-log.ts";
import type { Place, Record } from "./record.ts";
import { segmentName, segmentPath } from "./segments.ts";

export type PageOptions = {
  /** Records with a higher number than this. */
  readonly after: number;
  readonly limit: number;
  /** Of lines; one record is answered however large it is. Default 1 MiB. */
  readonly mostBytes?: number;
  /** No records with a higher number than this. Default: as far as the log goes. */
  readonly upTo?: number;
  /** Only records whose lines contain this text, as it stands there. The others are looked at and not read. */
  readonly containing?: string;
};

/** Records in order; `next` is the number after which to go on, left out at the end. */
export type RecordPage<T = Record> = {
  readonly records: readonly T[];
  readonly next?: number;
  /** Some of those that were asked for are there no more. */
  readonly isCut?: true;
};

/** What is answered of a record: the record itself, or what its line, which is read no later than that, makes of it. */
export type OfRecord<T> = (record: Record, line: { readonly bytes: Buffer; readonly hash: string }) => T;

type PageUnderWay<T> = {
  readonly records: T[];
  readonly make: OfRecord<T>;
  readonly limit: number;
  readonly mostBytes: number;
  readonly isWanted: (line: Buffer) => boolean;
  /** Of lines that were looked at. */
  bytes: number;
  /** Of the last of them. */
  hash: string;
};

/** A record that stands here. */
type Mark = { readonly seq: number; readonly offset: number };

const MARK_EVERY_BYTES = 64 * 1024;
const SEQ = /^\{"seq":(\d{1,15}),/;

/** Finds records by their numbers, and reads them. Remembers one in each 64 KiB that it has seen. */
export class RecordPages {
  readonly #folder: string;
  /** By segment; the first mark is that of its first record. */
  readonly #marks = new Map<number, Mark[]>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** To be called with all records of the newest segments, in order. */
  add(seq: number, { segment, offset }: Place): void {
    const marks = this.#marks.get(segment);
    if (!marks) this.#marks.set(segment, [{ seq, offset }]);
    else if (offset >= (marks.at(-1)?.offset ?? 0) + MARK_EVERY_BYTES) marks.push({ seq, offset });
  }

  /** A segment that is there no more. */
  forget(segment: number): void {
    this.#marks.delete(segment);
  }

  /** Records as far as number `head`. What is there no more is left out. @throws {LogDamaged} */
  async read<T>(
    { after, limit, mostBytes = 2 ** 20, containing }: PageOptions,
    head: number,
    make: OfRecord<T>,
  ): Promise<RecordPage<T>> {
    const isWanted = lineFilter(containing);
    const page: PageUnderWay<T> = { records: [], make, limit, mostBytes, bytes: 0, hash: "", isWanted };
    let next = after + 1;
    let cut: Pick<RecordPage, "isCut"> = {};
    while (next <= head && page.records.length < limit && page.bytes < mostBytes) {
      const { segment, mark, last } = await this.#find(next);
      if (mark.seq > next) {
        cut = { isCut: true };
        next = mark.seq;
        if (next > head) break;
      }
      next = await this.#readSegment({ segment, mark, next, last: Math.min(last, head) }, page);
    }
    return next <= head ? { records: page.records, next: next - 1, ...cut } : { records: page.records, ...cut };
  }

  /** Where to begin to look for a record, and the number of the last in that segment. */
  async #find(seq: number): Promise<{ segment: number; mark: Mark; last: number }> {
    for (;;) {
      let oldest = Number.POSITIVE_INFINITY;
      let last = Number.POSITIVE_INFINITY;
      for (const segment of Array.from(this.#marks.keys()).toSorted((a, b) => b - a)) {
        const marks = this.#marks.get(segment) ?? [];
        const mark = marks.findLast((mark) => mark.seq <= seq);
        if (mark) return { segment, mark, last };
        oldest = segment;
        last = (marks[0]?.seq ?? 1) - 1;
      }
      if (await this.#addOlder(oldest - 1)) continue;
      const [mark] = this.#marks.get(oldest) ?? [];
      if (!mark) throw new LogDamaged(`log: expected record ${seq}, got none`);
      seq = mark.seq; // what was before is there no more
    }
  }

  /** Adds the first record of a segment that was not read yet; answers whether it is there. */
  async #addOlder(segment: number): Promise<boolean> {
    const file = await openSegment(segmentPath(this.#folder, segment));
    if (!file) return false;
    try {
      for await (const { bytes, offset } of readLines(file, 0)) {
        const seq = seqOf(bytes);
        if (seq === undefined) continue; // the header of its batch
        this.add(seq, { segment, offset, bytes: bytes.length });
        return true;
      }
      throw new LogDamaged(`log: expected a record in ${segmentName(segment)}, got none`);
    } finally {
      await file.close();
    }
  }

  async #readSegment<T>(
    { segment, mark, next, last }: { segment: number; mark: Mark; next: number; last: number },
    page: PageUnderWay<T>,
  ): Promise<number> {
    const file = await openSegment(segmentPath(this.#folder, segment));
    if (!file) {
      this.forget(segment); // it was removed a moment ago
      return next;
    }
    try {
      for await (const { bytes, offset } of readLines(file, mark.offset)) {
        const seq = seqOf(bytes);
        if (seq === undefined) continue;
        this.add(seq, { segment, offset, bytes: bytes.length });
        if (seq < next) continue;
        const before = page.hash;
        page.hash = hash("sha256", bytes);
        if (page.isWanted(bytes)) {
          page.records.push(page.make(checkLine(bytes, next, before), { bytes, hash: page.hash }));
        } else if (seq !== next) throw notNext(next);
        page.bytes += bytes.length;
        next += 1;
        if (seq >= last || page.records.length === page.limit || page.bytes >= page.mostBytes) return next;
      }
      throw new LogDamaged(`log: expected record ${next} in ${segmentName(segment)}, got its end`);
    } finally {
      await file.close();
    }
  }
}

/** `prev` is the hash of the line before, `""` if that was not read. */
function checkLine(bytes: Buffer, seq: number, prev: string): Record {
  const record = parseRecord(bytes.toString("utf8"));
  if (record?.seq === seq && (prev === "" || record.prev === prev)) return record;
  throw notNext(seq);
}

function notNext(seq: number): LogDamaged {
  return new LogDamaged(`log: expected record ${seq} that follows the one before, got another`);
}

function lineFilter(containing: string | undefined): (line: Buffer) => boolean {
  if (containing === undefined) return () => true;
  const text = Buffer.from(containing);
  return (line) => line.includes(text);
}

function seqOf(line: Buffer): number | undefined {
  const found = SEQ.exec(line.toString("latin1", 0, 32));
  return found ? Number(found[1]) : undefined;
}
