import { useEffect, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Loading } from "../parts/loading.tsx";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";

type DocumentEditorProps = { readonly peer: Peer; readonly name: string; readonly onGone: () => void };

/** One document of the peer's own circle, as JSON. One that is not there yet is made when it is saved. */
export function DocumentEditor({ peer, name, onGone }: DocumentEditorProps) {
  const document = useLoaded(async () => (await peer.own()).play("data.get(args)", name), [peer, name]);
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => {
    if (document.is === "there") setText(JSON.stringify(document.value, undefined, 2));
  }, [document]);
  const change = async (script: string, args: unknown) => {
    setError(undefined);
    try {
      await (await peer.own()).play(script, args);
      peer.changed();
      return true;
    } catch (failed) {
      setError(failed);
      return false;
    }
  };
  const save = async () => {
    try {
      await change("data.set(args.name, args.value)", { name, value: JSON.parse(text) as unknown });
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <>
      <h3>{name}</h3>
      <Loading of={document}>
        {() => (
          <textarea
            aria-label={`Content of ${name}, as JSON`}
            rows={10}
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        )}
      </Loading>
      <div class="actions">
        <button type="button" class="primary" onClick={() => void save()}>
          Save
        </button>
        <button
          type="button"
          onClick={() =>
            void change("data.delete(args)", name).then((isDone) => {
              if (isDone) onGone();
            })
          }
        >
          Delete
        </button>
      </div>
      {error !== undefined && <Failure error={error} />}
    </>
  );
}
