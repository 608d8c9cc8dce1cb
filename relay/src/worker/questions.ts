import { type CircleStorage, type LogPage, type LogRecord, showRecord } from "@circles/sdk/protocol";
import type { EventsQuery } from "../namespace/circle-events.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { Record } from "../namespace/record.ts";
import type { ListOptions } from "../sandbox/sandbox.ts";
import type { Denials } from "./denials.ts";

/** What a thread asks while a play runs. */
export type Question =
  | { readonly ask: "list"; readonly options: ListOptions }
  | {
      readonly ask: "log";
      /** Records with a higher number than this. */
      readonly after: number;
      readonly limit: number;
      readonly caller?: string;
    }
  | ({ readonly ask: "events" } & EventsQuery)
  | { readonly ask: "storage" };

/** JSON of one answer, in UTF-16 units; at least one record is answered. */
const MOST_CHARACTERS = 256 * 1024;
/** What is looked through for one caller's records before the answer says where to go on. */
const MOST_LOOKED_AT = 10_000;

/** Answers threads that run plays of a circle. */
export function answerer(namespace: Namespace, denials: Denials): (question: unknown) => unknown {
  return (question) => {
    const asked = question as Question; // of our own thread's making
    switch (asked.ask) {
      case "list":
        return namespace.list(asked.options);
      case "log":
        return readLog(namespace, denials, asked);
      case "events":
        return namespace.readEvents(asked);
      case "storage":
        return storageOf(namespace);
    }
  };
}

function storageOf({ usedBytes, allowedBytes }: Namespace): CircleStorage {
  return { used_bytes: usedBytes, allowed_bytes: allowedBytes };
}

/** Records as a script is shown them, and the number after which to go on; `next` is left out at the end of the log. */
async function readLog(
  namespace: Namespace,
  denials: Denials,
  { after, limit, caller }: Extract<Question, { ask: "log" }>,
): Promise<LogPage> {
  await denials.flush(namespace);
  const records: LogRecord[] = [];
  let characters = 0;
  let looked = 0;
  let last = after;
  for (;;) {
    const page = await namespace.readRecords({ after: last, limit: 200 });
    if (page.records.length === 0) return { records };
    for (const record of page.records) {
      const shown = concerns(record, caller) ? showRecord(record) : undefined;
      characters += shown ? JSON.stringify(shown).length : 0;
      if (records.length === limit || (records.length > 0 && characters > MOST_CHARACTERS)) {
        return { records, next: last };
      }
      last = record.seq;
      looked += 1;
      if (shown) records.push(shown);
    }
    if (looked >= MOST_LOOKED_AT) return { records, next: last };
  }
}

function concerns(record: Record, caller: string | undefined): boolean {
  if (caller === undefined) return true;
  if ("task" in record) return record.caller === caller;
  return "denials" in record && record.denials.some((denied) => denied.caller === caller);
}
