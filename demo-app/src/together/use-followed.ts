import type { Circle } from "@circles/sdk";
import { useEffect, useState } from "preact/hooks";
import type { Peer } from "../peers/peer.ts";
import { listOf } from "./told.ts";

type Follow<T> = (circle: Circle, signal: AbortSignal) => AsyncGenerator<readonly T[], void>;

/** What one of the apps has in the circle to which the peer turned, live. Looks again when `opened` changes, or when asked. */
export function useFollowed<T>(peer: Peer, follow: Follow<T>, opened: number) {
  const [asked, setAsked] = useState(0);
  const [items, setItems] = useState<readonly Partial<T>[]>([]);
  const [error, setError] = useState<unknown>(undefined);
  const target = peer.target.value;
  useEffect(() => {
    const stop = new AbortController();
    setItems([]);
    setError(undefined);
    const read = async () => {
      for await (const all of follow(await peer.turnedTo(), stop.signal)) {
        if (stop.signal.aborted) return; // an answer that came late is another circle's
        setItems(listOf(all));
      }
    };
    read().catch((failed: unknown) => {
      if (!stop.signal.aborted) setError(failed);
    });
    return () => stop.abort();
  }, [peer, follow, target, opened, asked]);
  return { items, error, lookAgain: () => setAsked((times) => times + 1) };
}
