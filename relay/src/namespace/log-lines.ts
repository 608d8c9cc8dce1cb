import {
  type EventsPage,
  firstRecordAfter,
  type LogLine,
  lastEventId,
  type Sha256,
  showRecord,
  type TopicEvent,
} from "@circles/sdk/protocol";
import type { CircleLog } from "./log.ts";
import type { Record } from "./record.ts";

export type LinesQuery = {
  /** Records after the one in which an event with this number can be; left out, none but those that are still to come. */
  readonly after?: number | undefined;
  readonly limit: number;
};

/** Longer lines are told by their hash. In bytes. */
const MOST_LINE_BYTES = 64 * 1024;
/** JSON of one page, in UTF-16 units; at least one record is answered. */
const MOST_CHARACTERS = 256 * 1024;
/** Of the log, for one page. */
const MOST_BYTES = 4 * 2 ** 20;

/**
 * The log as events, one for each record: its number is the last that an event of that record can have, so that a log has one
 * numbering. Answers no more than is, as far as the log promises that, on the disk. @throws {LogDamaged}
 */
export async function readLogLines({ after, limit }: LinesQuery, log: CircleLog | undefined): Promise<EventsPage> {
  const head = log ? (await log.syncedHead()).seq : 0;
  const headId = lastEventId(head);
  if (after === undefined) return { after: headId, head: headId, events: [] };
  if (after > headId) return { after, head: headId, events: [], gap: true }; // the log is another one
  if (!log || firstRecordAfter(after) > head) return { after, head: headId, events: [] };
  const options = { after: firstRecordAfter(after) - 1, upTo: head, limit, mostBytes: MOST_BYTES };
  const { records, next, isCut } = await log.readLines(options, eventOf);
  const gap = isCut ? ({ gap: true } as const) : {};
  const fitting = howManyFit(records);
  const last = records[fitting - 1];
  if (last && (fitting < records.length || next !== undefined)) {
    return { after, head: last.id, events: records.slice(0, fitting), more: true, ...gap };
  }
  return { after, head: headId, events: records, ...gap };
}

function eventOf(record: Record, { bytes, hash }: { bytes: Buffer; hash: string }): TopicEvent {
  const data: LogLine =
    bytes.length <= MOST_LINE_BYTES
      ? { line: bytes.toString("utf8") }
      : { hash: hash as Sha256, record: showRecord(record) };
  return { id: lastEventId(record.seq), data };
}

function howManyFit(events: readonly TopicEvent[]): number {
  let characters = 0;
  const full = events.findIndex(({ data }) => {
    characters += JSON.stringify(data).length;
    return characters > MOST_CHARACTERS;
  });
  return full < 0 ? events.length : Math.max(1, full);
}
