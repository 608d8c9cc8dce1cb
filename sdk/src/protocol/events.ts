import { MAX_TOPIC_CHARACTERS } from "./limits.ts";

/** Numbers that the events of one record of a circle's log can have: more than one play emits. */
export const EVENT_IDS_PER_RECORD = 1_000;

/**
 * What a subscriber asks a circle for, as the script of a play: so the envelope of a subscription is one of a play, with the
 * arguments `{"topic": …}`.
 */
export const SUBSCRIBE_SCRIPT = "events.read(args.topic)";

/** An event's number: they rise with the record of the log that has it, and its place there. `index` counts from 0. */
export function eventId({ seq, index }: { seq: number; index: number }): number {
  return (seq - 1) * EVENT_IDS_PER_RECORD + index + 1;
}

/** The last number that an event of a record can have: every event of the log up to there has this one or a lower one. */
export function lastEventId(seq: number): number {
  return seq * EVENT_IDS_PER_RECORD;
}

/** Of the first record in which an event with a number above `id` can be. */
export function firstRecordAfter(id: number): number {
  return Math.floor(id / EVENT_IDS_PER_RECORD) + 1;
}

/** Has a text the form of a topic that plays may emit to? Those that begin with `$` are the relay's own. */
export function isTopic(text: unknown): text is string {
  return isTopicName(text) && !text.startsWith("$");
}

/** The same, with the relay's own among them. */
export function isTopicName(text: unknown): text is string {
  return typeof text === "string" && text !== "" && text.length <= MAX_TOPIC_CHARACTERS && text.isWellFormed();
}

/** What a play emitted. `data` is any JSON value. */
export type TopicEvent = { readonly id: number; readonly data: unknown };

/**
 * All events of a topic with numbers above `after` and up to `head`, in order. Who has everything up to `after`, or a number
 * beyond, has with this everything up to `head`.
 */
export type TopicPart = { readonly after: number; readonly head: number; readonly events: readonly TopicEvent[] };

/** One answer of `events.read`. */
export type EventsPage = TopicPart & {
  /** There is more: go on after `head`. */
  readonly more?: true;
  /** The log does not reach back to what was asked for, or not that far: events may be missing before `head`. */
  readonly gap?: true;
};

/** What `events.read` takes. */
export type EventsOptions = {
  /** Events with a number above this. Default 0: from the first that is kept. */
  readonly after?: number;
  /** 1 to 1,000; default 100. Fewer come if they are long. */
  readonly limit?: number;
};
