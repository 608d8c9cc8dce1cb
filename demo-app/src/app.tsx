import { useEffect, useState } from "preact/hooks";
import { AccessView } from "./access/access-view.tsx";
import { ActivityView } from "./activity/activity-view.tsx";
import { InboxView } from "./inbox/inbox-view.tsx";
import { DocumentsView } from "./own/documents-view.tsx";
import { Failure } from "./parts/failure.tsx";
import { identities, me, openIdentities, peerOf } from "./peers/identities.ts";
import { IdentityMenu } from "./peers/identity-menu.tsx";
import type { Peer } from "./peers/peer.ts";
import { secondIdentity } from "./peers/second-identity.ts";
import { PlayView } from "./play/play-view.tsx";
import { TogetherView } from "./together/together-view.tsx";

const VIEWS = [
  { id: "play", title: "Play", View: PlayView },
  { id: "circle", title: "My circle", View: DocumentsView },
  { id: "access", title: "Who may do what", View: AccessView },
  { id: "inbox", title: "Inbox", View: InboxView },
  { id: "activity", title: "Activity", View: ActivityView },
  { id: "together", title: "Guestbook", View: TogetherView },
] as const;

type ViewId = (typeof VIEWS)[number]["id"];

export function App() {
  const [error, setError] = useState<unknown>(undefined);
  const [second, setSecond] = useState<Peer | undefined>(undefined);
  useEffect(() => {
    openIdentities().catch(setError);
  }, []);
  const peer = me.value;
  const toggle = async () => {
    if (second) {
      second.close();
      setSecond(undefined);
    } else if (peer) setSecond(await peerOf(await secondIdentity(peer.publicKey, identities.value)));
  };
  return (
    <>
      <header class="page">
        <h1>Circles</h1>
        <p class="quiet">Your data, your rules, and scripts that come to visit.</p>
        <button
          type="button"
          aria-pressed={second !== undefined}
          disabled={!peer}
          onClick={() => void toggle().catch(setError)}
        >
          Side by side
        </button>
        {peer && <IdentityMenu peer={peer} />}
      </header>
      {error !== undefined && <Failure error={error} />}
      <main class={second ? "panes" : "pane-alone"}>
        {peer ? <Pane key={peer.publicKey} peer={peer} isFirst={true} /> : <p class="quiet">Opening the vault…</p>}
        {second && <Pane key={second.publicKey} peer={second} isFirst={false} />}
      </main>
    </>
  );
}

/** One peer at work. The first one's view stands in the address, so that a link leads to it. */
function Pane({ peer, isFirst }: { readonly peer: Peer; readonly isFirst: boolean }) {
  const [shown, show] = useState<ViewId>(isFirst ? viewOf(location.hash) : "play");
  useEffect(() => {
    void peer.asking.follow();
  }, [peer]);
  useEffect(() => {
    if (!isFirst) return;
    const follow = () => show(viewOf(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [isFirst]);
  const choose = (id: ViewId) => {
    if (isFirst) location.hash = id;
    else show(id);
  };
  const View = VIEWS.find(({ id }) => id === shown)?.View ?? PlayView;
  const waiting = peer.asking.entries.value.length;
  return (
    <section class="pane" aria-label={peer.name}>
      <nav aria-label={`Views of ${peer.name}`}>
        {VIEWS.map(({ id, title }) => (
          <button key={id} type="button" aria-current={id === shown ? "page" : undefined} onClick={() => choose(id)}>
            {title}
            {id === "inbox" && waiting > 0 && <span class="count">{waiting}</span>}
          </button>
        ))}
        <span class={`standing ${peer.standing.value}`} role="status">
          {peer.name}: {STANDINGS[peer.standing.value]}
        </span>
      </nav>
      <View peer={peer} />
    </section>
  );
}

const STANDINGS = { connecting: "connecting…", open: "connected", lost: "not connected" } as const;

function viewOf(hash: string): ViewId {
  return VIEWS.find(({ id }) => `#${id}` === hash)?.id ?? "play";
}
