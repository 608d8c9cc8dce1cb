import { useState } from "preact/hooks";
import { Loading } from "../parts/loading.tsx";
import { TextForm } from "../parts/text-form.tsx";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";
import { DocumentEditor } from "./document-editor.tsx";
import { LibraryEditor } from "./library-editor.tsx";
import { StorageUsed } from "./storage-used.tsx";

const PAGE = 200;

/** What lies in the peer's own circle: its documents, and the functions that it publishes. */
export function DocumentsView({ peer }: { readonly peer: Peer }) {
  const [chosen, choose] = useState<string | undefined>(undefined);
  return (
    <>
      <h2>My circle</h2>
      <StorageUsed peer={peer} />
      <div class="two-columns">
        <Documents peer={peer} chosen={chosen} onChoose={choose} />
        <section aria-label="Document">
          {chosen === undefined ? (
            <p class="empty">Choose a document to see it.</p>
          ) : (
            <DocumentEditor key={chosen} peer={peer} name={chosen} onGone={() => choose(undefined)} />
          )}
        </section>
      </div>
      <LibraryEditor peer={peer} />
    </>
  );
}

type DocumentsProps = {
  readonly peer: Peer;
  readonly chosen: string | undefined;
  readonly onChoose: (name: string) => void;
};

function Documents({ peer, chosen, onChoose }: DocumentsProps) {
  const [most, setMost] = useState(PAGE);
  const names = useLoaded(peer, async () => listDocuments(peer, most), [peer.changes.value, most]);
  return (
    <section aria-label="Documents">
      <h3>Documents</h3>
      <Loading of={names}>
        {(all) =>
          all.length === 0 ? (
            <p class="empty">There is none yet. Run the first example under Play, or make one here.</p>
          ) : (
            <ul class="rows names">
              {all.slice(0, most).map((name) => (
                <li key={name}>
                  <button type="button" aria-pressed={name === chosen} onClick={() => onChoose(name)}>
                    {name}
                  </button>
                </li>
              ))}
              {all.length > most && (
                <li>
                  <button type="button" class="small" onClick={() => setMost(most + PAGE)}>
                    More
                  </button>
                </li>
              )}
            </ul>
          )
        }
      </Loading>
      <TextForm label="New document" action="Make" placeholder="notes/today" onGiven={(name) => onChoose(name)} />
    </section>
  );
}

/** Sorted; one more than `most` if there are more. */
async function listDocuments(peer: Peer, most: number): Promise<string[]> {
  const own = await peer.own();
  const names: string[] = [];
  while (names.length <= most) {
    const page = await own.play<string[]>("data.list('', args)", { start: names.at(-1) ?? "", limit: PAGE + 1 });
    const fresh = page.filter((name) => name !== names.at(-1));
    names.push(...fresh);
    if (page.length <= PAGE) break;
  }
  return names;
}
