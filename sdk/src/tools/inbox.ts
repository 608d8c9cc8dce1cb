import type { Play } from "../play.ts";
import type { InboxEntry } from "../protocol/inbox.ts";
import { INBOX_TOPIC, type InboxNotice } from "../protocol/messages.ts";
import type { Topics } from "../topics.ts";
import type { ControlPlay } from "./control-play.ts";

/** Plays that asked for what only the owner can allow. */
export interface CircleInbox {
  /** At most `limit` entries (1 to 100, default 100), fewer if they are long, of those after the entry `after`. */
  list(options?: { readonly after?: string; readonly limit?: number }): Play<InboxEntry[]>;
  /**
   * Lets a play have what it asked for: it runs again from its start. With `always` its caller may play this script with
   * this capability from now on, whatever its arguments; that takes the capability `policy` too.
   */
  allow(id: string, options?: { readonly always?: boolean }): Play<{ note: string } | null>;
  /** Ends a play as `denied`. Its caller is told the reason, at most 500 characters. */
  deny(id: string, reason?: string): Play<null>;
  /**
   * Plays that begin to wait from this call on, each once; for the owner only. Read `list` after it, and nothing is missed.
   * When a lost connection is there again, it reads `list` by itself, and tells what waits by then and was not told. Ends with
   * `return()`, as at the end of a loop; otherwise throws as a play would, `ConnectionError` with the connection.
   */
  watch(): AsyncIterableIterator<InboxNotice, undefined>;
}

export function makeInbox(play: ControlPlay, topics: Topics): CircleInbox {
  const list: CircleInbox["list"] = (options = {}) => play("inbox.list(args)", options);
  const listWaiting = async () => {
    const notices: InboxNotice[] = [];
    for (let page = await list(); page.length > 0; page = await list({ after: page.at(-1)?.id ?? "" })) {
      for (const { id, caller, capability, expires_at, state } of page) {
        if (state === "waiting") notices.push({ id, caller, capability, expires_at });
      }
    }
    return notices;
  };
  return {
    list,
    allow: (id, { always = false } = {}) => play("inbox.allow(args.id, { always: args.always })", { id, always }),
    deny: (id, reason) => play("inbox.deny(args.id, args.reason)", { id, reason }),
    watch: () => topics.watch(INBOX_TOPIC, listWaiting),
  };
}
