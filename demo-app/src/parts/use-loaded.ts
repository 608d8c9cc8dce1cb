import { useEffect, useState } from "preact/hooks";
import type { Peer } from "../peers/peer.ts";

/** What a view shows of something that takes a while. */
export type Loaded<T> =
  | { readonly is: "loading" }
  | { readonly is: "there"; readonly value: T }
  | { readonly is: "failed"; readonly error: unknown };

/**
 * Loads of a peer's circle when the view appears, whenever one of `when` changes and, where that failed, when the peer is
 * connected again; what was there stays until the next is.
 */
export function useLoaded<T>(
  peer: Pick<Peer, "standing">,
  load: () => PromiseLike<T>,
  when: readonly unknown[] = [],
): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ is: "loading" });
  const [again, setAgain] = useState(0);
  const isConnected = peer.standing.value === "open";
  useEffect(() => {
    if (isConnected && loaded.is === "failed") setAgain(again + 1);
  }, [isConnected]);
  useEffect(() => {
    let isWanted = true;
    const show = (next: Loaded<T>) => {
      if (isWanted) setLoaded(next);
    };
    Promise.resolve(load()).then(
      (value) => show({ is: "there", value }),
      (error: unknown) => show({ is: "failed", error }),
    );
    return () => {
      isWanted = false;
    };
  }, [peer, again, ...when]);
  return loaded;
}
