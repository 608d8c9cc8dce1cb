import {
  type EventsPage,
  eventId,
  firstRecordAfter,
  lastEventId,
  type TopicEvent,
  type TopicPart,
} from "@circles/sdk/protocol";
import type { CircleLog } from "./log.ts";
import type { LoggedEvent, Record } from "./record.ts";

/** What the subscribers of a topic are to be told of one record. */
export type TopicNews = TopicPart & { readonly topic: string };

export type EventsQuery = {
  readonly topic: string;
  /** Events with a number above this; left out, none but those that are still to come. */
  readonly after?: number | undefined;
  readonly limit: number;
};

/** JSON of one page's events, in UTF-16 units; at least one event is answered. */
const MOST_CHARACTERS = 256 * 1024;
/** Of the log, that are looked through for one page. */
const MOST_BYTES = 4 * 2 ** 20;
/** Topics cost nothing: of so many it is known which record was the last. */
const MOST_TOPICS = 1_024;

/** The events of one circle, as they stand in its log. */
export class CircleEvents {
  /** Number of the last record with an event of a topic; that of the topic longest ago first. */
  readonly #last = new Map<string, number>();
  /** Events of other topics are in this record or before. */
  #lastOfOthers: number | undefined;
  #head = 0;

  /** To be called with each record that is read when the log is opened, in order. */
  recall(record: Record): void {
    this.#lastOfOthers ??= record.seq - 1;
    if ("task" in record) for (const { topic } of record.events ?? []) this.#remember(topic, record.seq);
    this.#head = record.seq;
  }

  /** To be called when a record was committed, in the order of the log. Answers what there is to tell. */
  committed(events: readonly LoggedEvent[], seq: number): TopicNews[] {
    this.#head = seq;
    const news = new Map<string, TopicNews & { readonly events: TopicEvent[] }>();
    for (const [index, { topic, data }] of events.entries()) {
      const known = news.get(topic) ?? {
        topic,
        after: lastEventId(this.#lastOf(topic)),
        head: lastEventId(seq),
        events: [],
      };
      known.events.push({ id: eventId({ seq, index }), data });
      news.set(topic, known);
    }
    for (const topic of news.keys()) this.#remember(topic, seq);
    return Array.from(news.values());
  }

  /** The last number that an event can have of what was committed. */
  get head(): number {
    return lastEventId(this.#head);
  }

  /** Answers no more than was committed and, as far as the log promises that, is on the disk. @throws {LogDamaged} */
  async read({ topic, after, limit }: EventsQuery, log: CircleLog | undefined): Promise<EventsPage> {
    const { head } = this;
    const last = Math.min(this.#lastOf(topic), this.#head);
    await log?.syncedHead();
    if (after === undefined) return { after: head, head, events: [] };
    if (after > head) return { after, head, events: [], gap: true }; // the log is another one
    const first = firstRecordAfter(after);
    if (!log || first > last) return { after, head, events: [] };
    const containing = `"topic":${JSON.stringify(topic)}`;
    const page = await log.readRecords({ after: first - 1, upTo: last, limit, mostBytes: MOST_BYTES, containing });
    const gap = page.isCut ? ({ gap: true } as const) : {};
    const events: TopicEvent[] = [];
    let characters = 0;
    for (const event of page.records.flatMap((record) => eventsOf(record, topic))) {
      if (event.id <= after) continue;
      characters += JSON.stringify(event.data).length;
      const isFull = events.length === limit || characters > MOST_CHARACTERS;
      if (isFull && events.length > 0) return { after, head: events.at(-1)?.id ?? after, events, more: true, ...gap };
      events.push(event);
    }
    if (page.next === undefined) return { after, head, events, ...gap };
    return { after, head: lastEventId(page.next), events, more: true, ...gap };
  }

  #lastOf(topic: string): number {
    return this.#last.get(topic) ?? this.#lastOfOthers ?? 0;
  }

  #remember(topic: string, seq: number): void {
    this.#last.delete(topic);
    this.#last.set(topic, seq);
    if (this.#last.size <= MOST_TOPICS) return;
    const [oldest] = this.#last;
    if (!oldest) return;
    this.#last.delete(oldest[0]);
    this.#lastOfOthers = Math.max(this.#lastOfOthers ?? 0, oldest[1]);
  }
}

function eventsOf(record: Record, topic: string): TopicEvent[] {
  if (!("task" in record)) return [];
  return (record.events ?? []).flatMap((event, index) =>
    event.topic === topic ? [{ id: eventId({ seq: record.seq, index }), data: event.data }] : [],
  );
}
