import { useEffect, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";
import { ScriptEditor } from "../play/script-editor.tsx";

/** The functions that the peer's circle publishes: a module, checked by the relay when it is saved. */
export function LibraryEditor({ peer }: { readonly peer: Peer }) {
  const library = useLoaded(async () => (await peer.own()).library.get(), [peer]);
  const [text, setText] = useState("");
  const [isPublished, setPublished] = useState(false);
  const { error, isBusy, attempt } = useAttempt();
  useEffect(() => {
    if (library.is === "there") setText(library.value ?? "");
  }, [library]);
  const save = async () => {
    if (library.is !== "there") return; // what is not seen yet is not replaced
    setPublished(false);
    const isDone = await attempt(async () => (await peer.own()).library.set(text));
    setPublished(isDone);
    if (isDone) peer.changed();
  };
  return (
    <section aria-label="Published functions">
      <h3>Published functions</h3>
      <p class="quiet">
        Others call what this module exports, with all of your data in reach, once a grant says <code>call:name</code>.
      </p>
      <ScriptEditor label="Library" text={text} failure={error} onChange={setText} onRun={() => void save()} />
      <div class="actions">
        <button type="button" class="primary" disabled={isBusy || library.is !== "there"} onClick={() => void save()}>
          Publish
        </button>
        <span role="status" class="quiet">
          {isBusy ? "publishing…" : isPublished && "published"}
        </span>
      </div>
      {(error !== undefined || library.is === "failed") && (
        <Failure error={library.is === "failed" ? library.error : error} />
      )}
    </section>
  );
}
