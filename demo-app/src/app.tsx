import { useEffect, useState } from "preact/hooks";
import { Pane } from "./pane.tsx";
import { Failure } from "./parts/failure.tsx";
import { useAttempt } from "./parts/use-attempt.ts";
import { identities, me, openIdentities, peerOf } from "./peers/identities.ts";
import { IdentityMenu } from "./peers/identity-menu.tsx";
import type { Peer } from "./peers/peer.ts";
import { secondIdentity } from "./peers/second-identity.ts";

function isKnown(publicKey: string): boolean {
  return identities.value.some((known) => known.publicKey === publicKey);
}

/** The whole page: who one is, and one or two peers at work. */
export function App() {
  const [second, setSecond] = useState<Peer | undefined>(undefined);
  const { error, isBusy, attempt } = useAttempt();
  useEffect(() => {
    void attempt(openIdentities);
  }, []);
  const peer = me.value;
  const isOver = second && (second.publicKey === peer?.publicKey || !isKnown(second.publicKey));
  const beside = isOver ? undefined : second;
  const leave = () => {
    second?.close();
    setSecond(undefined);
  };
  useEffect(() => {
    if (isOver) leave(); // it has become the first, or was forgotten
  }, [isOver]);
  const toggle = async () => {
    if (second || !peer) return leave();
    const visitor = await peerOf(await secondIdentity(peer.publicKey, identities.value));
    visitor.target.value = peer.ownUrl; // it came to visit
    setSecond(visitor);
  };
  return (
    <>
      <header class="page">
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <circle cx="12" cy="16" r="9" />
          <circle cx="20" cy="16" r="9" />
        </svg>
        <h1>Circles</h1>
        <p class="quiet">Your data, your rules, and scripts that come to visit.</p>
        <button
          type="button"
          aria-pressed={second !== undefined}
          disabled={!peer || isBusy}
          onClick={() => void attempt(toggle)}
        >
          Side by side
        </button>
        {peer ? <IdentityMenu peer={peer} /> : <span class="identity" />}
      </header>
      {error !== undefined && <Failure error={error} />}
      <main class={beside ? "panes" : "pane-alone"}>
        {peer ? (
          <Pane key={`first-${peer.publicKey}`} peer={peer} isFirst={true} />
        ) : (
          <p class="pane quiet">Opening the vault…</p>
        )}
        {beside && <Pane key={`second-${beside.publicKey}`} peer={beside} isFirst={false} />}
      </main>
    </>
  );
}
