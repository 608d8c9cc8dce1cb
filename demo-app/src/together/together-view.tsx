import { useEffect, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Avatar } from "../peers/avatar.tsx";
import type { Peer } from "../peers/peer.ts";
import { shortKey } from "../peers/short-key.ts";
import { type Entry, follow, host, sign } from "./guestbook.ts";
import source from "./guestbook.ts?raw";

/** A guestbook in somebody's circle, written with the SDK alone; its source stands below. */
export function TogetherView({ peer }: { readonly peer: Peer }) {
  const [target, setTarget] = useState("");
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [error, setError] = useState<unknown>(undefined);
  const [text, setText] = useState("");
  const [opened, setOpened] = useState(0);
  const url = target === "" ? peer.ownUrl : target;
  useEffect(() => {
    const stop = new AbortController();
    setEntries([]);
    setError(undefined);
    const read = async () => {
      for await (const all of follow(await peer.circle(url), stop.signal)) setEntries(all);
    };
    read().catch((failed: unknown) => {
      if (!stop.signal.aborted) setError(failed);
    });
    return () => stop.abort();
  }, [peer, url, opened]);
  const attempt = async (what: () => PromiseLike<unknown>) => {
    setError(undefined);
    try {
      await what();
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <>
      <h3>A guestbook</h3>
      <label>
        Whose
        <input
          value={target}
          placeholder="mine"
          spellcheck={false}
          onInput={({ currentTarget }) => setTarget(currentTarget.value.trim())}
        />
      </label>
      {target === "" && (
        <div class="actions">
          <button
            type="button"
            onClick={() =>
              void attempt(async () => {
                await host(await peer.own());
                peer.changed();
                setOpened(opened + 1);
              })
            }
          >
            Open my guestbook to anyone
          </button>
        </div>
      )}
      <form
        class="inline"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(async () => {
            await sign(await peer.circle(url), peer.name, text);
            setText("");
          });
        }}
      >
        <label>
          Write something
          <input value={text} maxLength={200} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        <button type="submit" class="primary" disabled={text === ""}>
          Sign
        </button>
      </form>
      {error !== undefined && <Failure error={error} />}
      <ul class="rows" aria-label="Entries" aria-live="polite">
        {entries.map(({ name, text, key }, i) => (
          <li key={`${i} ${String(key)}`}>
            <Avatar publicKey={String(key)} size={20} />
            <strong>{String(name)}</strong> <span class="grow">{String(text)}</span>
            <code class="quiet">{shortKey(String(key))}</code>
          </li>
        ))}
      </ul>
      <details>
        <summary>View source: all of it</summary>
        <pre class="lines">{source}</pre>
      </details>
    </>
  );
}
