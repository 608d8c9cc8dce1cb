import { useState } from "preact/hooks";
import { Loading } from "../parts/loading.tsx";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";
import { DocumentEditor } from "./document-editor.tsx";
import { LibraryEditor } from "./library-editor.tsx";

const PAGE = 200;

/** What lies in the peer's own circle: its documents, and the functions that it publishes. */
export function DocumentsView({ peer }: { readonly peer: Peer }) {
  const [chosen, choose] = useState<string | undefined>(undefined);
  const names = useLoaded(
    async () => (await peer.own()).play<string[]>("data.list('', { limit: args })", PAGE),
    [peer, peer.changes.value],
  );
  return (
    <div class="two-columns">
      <section aria-label="Documents">
        <h3>Documents</h3>
        <Loading of={names}>
          {(all) =>
            all.length === 0 ? (
              <p class="quiet">There is none yet. Run the first example under Play, or make one here.</p>
            ) : (
              <ul class="rows">
                {all.map((name) => (
                  <li key={name}>
                    <button type="button" aria-pressed={name === chosen} onClick={() => choose(name)}>
                      {name}
                    </button>
                  </li>
                ))}
                {all.length === PAGE && <li class="quiet">the first {PAGE}</li>}
              </ul>
            )
          }
        </Loading>
        <NewDocument onName={choose} />
      </section>
      <section aria-label="Document">
        {chosen === undefined ? (
          <p class="quiet">Choose a document to see it.</p>
        ) : (
          <DocumentEditor key={chosen} peer={peer} name={chosen} onGone={() => choose(undefined)} />
        )}
      </section>
      <LibraryEditor peer={peer} />
    </div>
  );
}

function NewDocument({ onName }: { readonly onName: (name: string) => void }) {
  const [name, setName] = useState("");
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (name !== "") onName(name);
        setName("");
      }}
    >
      <label>
        New document
        <input value={name} placeholder="notes/today" onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </label>
      <button type="submit">Make</button>
    </form>
  );
}
