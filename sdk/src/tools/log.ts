import type { Play } from "../play.ts";
import { lastEventId } from "../protocol/events.ts";
import type { CircleStorage, LogOptions, LogPage, LogRecord } from "../protocol/log.ts";
import type { LogLine } from "../protocol/log-line.ts";
import { LOG_TOPIC } from "../protocol/messages.ts";
import type { CircleEvent, SubscribeOptions } from "../topic-stream.ts";
import type { ControlPlay } from "./control-play.ts";

/** What happened in a circle, in order. */
export interface CircleLog {
  /** At most `limit` records (1 to 1,000, default 100), fewer if they are long; `next` says where to go on. */
  read(options?: LogOptions): Play<LogPage>;
  /** All records, page by page. Reading is a play too: each page adds one. */
  records(options?: Omit<LogOptions, "limit">): AsyncGenerator<LogRecord, void, undefined>;
  /**
   * The log itself, for the circle's owner: the lines of the records after number `after`, then of each new one as it is
   * written; without `after`, of those that are still to come. Nothing is played. `checkLog` of `@circles/sdk/log` reads them,
   * and finds what was altered. Throws as `subscribe` of the circle does.
   */
  lines(options?: SubscribeOptions): AsyncGenerator<LogLine, void, undefined>;
  /** How much room the circle takes, and how much it may. */
  storage(): Play<CircleStorage>;
}

type Subscribe = (topic: string, options: SubscribeOptions) => AsyncIterable<CircleEvent>;

export function makeLog(play: ControlPlay, subscribe: Subscribe): CircleLog {
  const read: CircleLog["read"] = (options = {}) => play("log.read(args)", options);
  return {
    read,
    storage: () => play("log.storage()"),
    async *lines({ after, ...options } = {}) {
      if (after !== undefined && (!Number.isSafeInteger(after) || after < 0)) {
        throw new TypeError(`after: expected the number of a record, got ${String(after)}`);
      }
      const last = after === undefined ? {} : { after: lastEventId(after) };
      for await (const { data } of subscribe(LOG_TOPIC, { ...options, ...last })) yield data as LogLine;
    },
    async *records(options = {}) {
      for (let after = options.after; ; ) {
        const { records, next } = await read({ ...options, ...(after === undefined ? {} : { after }) });
        yield* records;
        if (next === undefined) return;
        after = next;
      }
    },
  };
}
