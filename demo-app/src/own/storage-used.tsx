import { Loading } from "../parts/loading.tsx";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";

/** How full the peer's own circle is. */
export function StorageUsed({ peer }: { readonly peer: Peer }) {
  const storage = useLoaded(peer, async () => (await peer.own()).log.storage(), [peer.changes.value]);
  return (
    <div class="storage">
      <Loading of={storage}>
        {({ used_bytes, allowed_bytes }) => (
          <>
            <meter aria-label="Storage used" min={0} max={allowed_bytes} value={used_bytes} />
            <span class="quiet">
              {readable(used_bytes)} of {readable(allowed_bytes)} used
            </span>
          </>
        )}
      </Loading>
    </div>
  );
}

function readable(bytes: number): string {
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
  return bytes >= 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${bytes} bytes`;
}
