import type { Play } from "../play.ts";
import type { CircleStorage, LogOptions, LogPage, LogRecord } from "../protocol/log.ts";
import type { ControlPlay } from "./control-play.ts";

/** What happened in a circle, in order. */
export interface CircleLog {
  /** At most `limit` records (1 to 1,000, default 100), fewer if they are long; `next` says where to go on. */
  read(options?: LogOptions): Play<LogPage>;
  /** All records, page by page. Reading is a play too: each page adds one. */
  records(options?: Omit<LogOptions, "limit">): AsyncGenerator<LogRecord, void, undefined>;
  /** How much room the circle takes, and how much it may. */
  storage(): Play<CircleStorage>;
}

export function makeLog(play: ControlPlay): CircleLog {
  const read: CircleLog["read"] = (options = {}) => play("log.read(args)", options);
  return {
    read,
    storage: () => play("log.storage()"),
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
