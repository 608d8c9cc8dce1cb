import type { LogHead, LogRecord } from "@circles/sdk";
import { useEffect, useState } from "preact/hooks";
import type { Loaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";
import { keptHeads } from "./kept-heads.ts";
import { newestRecords, readRecords } from "./read-activity.ts";

const EVERY_MS = 2_000;
const MOST_RECORDS = 2_000;

/** What a log says, and which of its heads had come with answers before it was read. */
export type LiveLog = { readonly records: readonly LogRecord[]; readonly heads: readonly LogHead[] };

/** The newest records of the peer's own circle, and those that come while somebody looks. */
export function useLiveRecords(peer: Peer): Loaded<LiveLog> {
  const [loaded, setLoaded] = useState<Loaded<LiveLog>>({ is: "loading" });
  useEffect(() => {
    let isWanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let records: readonly LogRecord[] = [];
    let after: number | undefined;
    const look = async () => {
      if (document.visibilityState === "visible") {
        try {
          after ??= await newestRecords(peer);
          const heads = keptHeads(peer.ownUrl);
          const fresh = await readRecords(peer, after);
          after = fresh.at(-1)?.seq ?? after;
          records = [...records, ...fresh].slice(-MOST_RECORDS);
          if (isWanted) setLoaded({ is: "there", value: { records, heads } });
        } catch (error) {
          if (isWanted) setLoaded({ is: "failed", error });
        }
      }
      if (isWanted) timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [peer]);
  return loaded;
}
