import { useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Loading } from "../parts/loading.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";
import { ScriptEditor } from "../play/script-editor.tsx";

/** The functions that the peer's circle publishes: a module, checked by the relay when it is saved. */
export function LibraryEditor({ peer }: { readonly peer: Peer }) {
  const library = useLoaded(peer, async () => (await peer.own()).library.get());
  return (
    <section aria-label="Published functions">
      <h3>Published functions</h3>
      <p class="quiet">
        Others call what this module exports, with all of your data in reach, once a grant says <code>call:name</code>.
      </p>
      <Loading of={library}>{(published) => <Publisher peer={peer} published={published ?? ""} />}</Loading>
    </section>
  );
}

/** What is published is seen before it is replaced. */
function Publisher({ peer, published }: { readonly peer: Peer; readonly published: string }) {
  const [text, setText] = useState(published);
  const [isPublished, setPublished] = useState(false);
  const { error, isBusy, attempt } = useAttempt();
  const publish = async () => {
    setPublished(false);
    const isDone = await attempt(async () => (await peer.own()).library.set(text));
    setPublished(isDone);
    if (isDone) peer.changed();
  };
  return (
    <>
      <ScriptEditor label="Library" text={text} failure={error} onChange={setText} onRun={() => void publish()} />
      <div class="actions">
        <button type="button" class="primary" disabled={isBusy} onClick={() => void publish()}>
          Publish
        </button>
        <span role="status" class="quiet">
          {isBusy ? "publishing…" : isPublished && "published"}
        </span>
      </div>
      {error !== undefined && <Failure error={error} />}
    </>
  );
}
