import { useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { ScrolledText } from "../parts/scrolled-text.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import type { Peer } from "../peers/peer.ts";
import { TargetField } from "../play/target-field.tsx";
import guestbookSource from "./guestbook.ts?raw";
import { GuestbookView } from "./guestbook-view.tsx";
import { host } from "./host.ts";
import whiteboardSource from "./whiteboard.ts?raw";
import { WhiteboardView } from "./whiteboard-view.tsx";

const APPS = [
  { title: "Guestbook", App: GuestbookView, source: guestbookSource },
  { title: "Whiteboard", App: WhiteboardView, source: whiteboardSource },
] as const;

/** Two small apps between circles, written with the SDK alone; their source stands beside them. */
export function TogetherView({ peer }: { readonly peer: Peer }) {
  const [title, setTitle] = useState<string>(APPS[0].title);
  const [opened, setOpened] = useState(0);
  const { error, isBusy, attempt } = useAttempt();
  const { App, source } = APPS.find((app) => app.title === title) ?? APPS[0];
  return (
    <>
      <h2>Together</h2>
      <p class="quiet">
        A guestbook and a whiteboard that live in somebody's circle: functions that it publishes, and events that it
        tells.
      </p>
      <TargetField peer={peer} />
      {peer.target.value === "" && (
        <div class="actions">
          <button
            type="button"
            disabled={isBusy}
            onClick={() =>
              void attempt(async () => {
                await host(await peer.own());
                peer.changed();
                setOpened(opened + 1);
              })
            }
          >
            Open mine to anyone
          </button>
        </div>
      )}
      {error !== undefined && <Failure error={error} />}
      <fieldset class="switch">
        <legend class="hidden">App</legend>
        {APPS.map((app) => (
          <button key={app.title} type="button" aria-pressed={app.title === title} onClick={() => setTitle(app.title)}>
            {app.title}
          </button>
        ))}
      </fieldset>
      <App key={title} peer={peer} opened={opened} />
      <details>
        <summary>View source: all of it</summary>
        <ScrolledText label={`Source of the ${title.toLowerCase()}`}>{source}</ScrolledText>
      </details>
    </>
  );
}
