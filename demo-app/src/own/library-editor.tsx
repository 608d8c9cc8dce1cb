import { useEffect, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";
import { ScriptEditor } from "../play/script-editor.tsx";

/** The functions that the peer's circle publishes: a module, checked by the relay when it is saved. */
export function LibraryEditor({ peer }: { readonly peer: Peer }) {
  const library = useLoaded(async () => (await peer.own()).library.get(), [peer]);
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(undefined);
  const [state, setState] = useState("");
  useEffect(() => {
    if (library.is === "there") setText(library.value ?? "");
  }, [library]);
  const save = async () => {
    setState("saving…");
    setError(undefined);
    try {
      await (await peer.own()).library.set(text);
      setState("published");
      peer.changed();
    } catch (failed) {
      setState("");
      setError(failed);
    }
  };
  return (
    <section aria-label="Published functions" class="wide">
      <h3>Published functions</h3>
      <p class="quiet">
        Others call what this module exports, with all of your data in reach, once a grant says <code>call:name</code>.
      </p>
      <ScriptEditor label="Library" text={text} failure={error} onChange={setText} onRun={() => void save()} />
      <div class="actions">
        <button type="button" class="primary" onClick={() => void save()}>
          Publish
        </button>
        <span role="status" class="quiet">
          {state}
        </span>
      </div>
      {(error !== undefined || library.is === "failed") && (
        <Failure error={library.is === "failed" ? library.error : error} />
      )}
    </section>
  );
}
