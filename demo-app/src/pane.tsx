import { useEffect, useState } from "preact/hooks";
import { AccessView } from "./access/access-view.tsx";
import { ActivityView } from "./activity/activity-view.tsx";
import { InboxView } from "./inbox/inbox-view.tsx";
import { DocumentsView } from "./own/documents-view.tsx";
import { Guarded } from "./parts/guarded.tsx";
import { Avatar } from "./peers/avatar.tsx";
import type { Peer } from "./peers/peer.ts";
import { visitedCircle } from "./peers/visit.ts";
import { PlayView } from "./play/play-view.tsx";
import { TogetherView } from "./together/together-view.tsx";

const VIEWS = [
  { id: "play", title: "Play", View: PlayView },
  { id: "circle", title: "My circle", View: DocumentsView },
  { id: "access", title: "Who may do what", View: AccessView },
  { id: "inbox", title: "Inbox", View: InboxView },
  { id: "activity", title: "Activity", View: ActivityView },
  { id: "together", title: "Together", View: TogetherView },
] as const;

type ViewId = (typeof VIEWS)[number]["id"];

const STANDINGS = { connecting: "connecting…", open: "connected", lost: "not connected" } as const;

/** One peer at work. The first one's view stands in the address, so that a link leads to it, or to a circle to visit. */
export function Pane({ peer, isFirst }: { readonly peer: Peer; readonly isFirst: boolean }) {
  const [shown, show] = useState<ViewId>(isFirst ? viewOf(location.hash) : "play");
  useEffect(() => {
    void peer.asking.follow();
  }, [peer]);
  useEffect(() => {
    if (!isFirst) return;
    const follow = () => {
      const visited = visitedCircle(location.hash);
      if (visited !== undefined) peer.target.value = visited === peer.ownUrl ? "" : visited;
      show(viewOf(location.hash));
    };
    follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [isFirst, peer]);
  const choose = (id: ViewId) => {
    if (isFirst) location.hash = id;
    else show(id);
  };
  const View = VIEWS.find(({ id }) => id === shown)?.View ?? PlayView;
  const waiting = peer.asking.entries.value.length;
  const standing = peer.standing.value;
  return (
    <section class="pane" aria-label={peer.name}>
      <p class="who">
        <Avatar publicKey={peer.publicKey} size={24} /> <strong>{peer.name}</strong>
        <span class={`standing ${standing}`} role="status">
          {STANDINGS[standing]}
        </span>
      </p>
      <nav aria-label={`Views of ${peer.name}`}>
        {VIEWS.map(({ id, title }) => (
          <button key={id} type="button" aria-current={id === shown ? "page" : undefined} onClick={() => choose(id)}>
            {title}
            {id === "inbox" && waiting > 0 && <span class="count">{waiting}</span>}
          </button>
        ))}
      </nav>
      <Guarded key={shown}>
        <View peer={peer} />
      </Guarded>
    </section>
  );
}

function viewOf(hash: string): ViewId {
  return VIEWS.find(({ id }) => `#${id}` === hash)?.id ?? "play";
}
