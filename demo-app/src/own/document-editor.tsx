import { useEffect, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Loading } from "../parts/loading.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";

type DocumentEditorProps = { readonly peer: Peer; readonly name: string; readonly onGone: () => void };

/** One document of the peer's own circle, as JSON. One that is not there yet is made when it is saved. */
export function DocumentEditor({ peer, name, onGone }: DocumentEditorProps) {
  const document = useLoaded(peer, async () => (await peer.own()).play("data.get(args)", name), [name]);
  const [text, setText] = useState("");
  const [isSaved, setSaved] = useState(false);
  const { error, isBusy, attempt } = useAttempt();
  useEffect(() => {
    if (document.is === "there") setText(JSON.stringify(document.value, undefined, 2));
  }, [document]);
  const change = (script: string, args: () => unknown) =>
    attempt(async () => {
      await (await peer.own()).play(script, args());
      peer.changed();
    });
  return (
    <>
      <h3 class="wrap">{name}</h3>
      <Loading of={document}>
        {() => (
          <textarea
            aria-label={`Content of ${name}, as JSON`}
            rows={10}
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => {
              setSaved(false);
              setText(currentTarget.value);
            }}
          />
        )}
      </Loading>
      <div class="actions">
        <button
          type="button"
          class="primary"
          disabled={isBusy || document.is !== "there"}
          onClick={() =>
            void change("data.set(args.name, args.value)", () => ({ name, value: JSON.parse(text) as unknown })).then(
              setSaved,
            )
          }
        >
          Save
        </button>
        <button
          type="button"
          disabled={isBusy || document.is !== "there"}
          onClick={() =>
            void change("data.delete(args)", () => name).then((isDone) => {
              if (isDone) onGone();
            })
          }
        >
          Delete
        </button>
        <span role="status" class="quiet">
          {isSaved ? "saved" : ""}
        </span>
      </div>
      {error !== undefined && <Failure error={error} />}
    </>
  );
}
