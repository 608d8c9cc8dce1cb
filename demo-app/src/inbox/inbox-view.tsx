import type { InboxEntry } from "@circles/sdk";
import { deed } from "../access/sentence.ts";
import { Failure } from "../parts/failure.tsx";
import { ScrolledText } from "../parts/scrolled-text.tsx";
import { Avatar } from "../peers/avatar.tsx";
import { identities } from "../peers/identities.ts";
import type { Peer } from "../peers/peer.ts";
import { shortKey } from "../peers/short-key.ts";
import type { Asking } from "./asking.ts";

/** Plays that want what only the peer can allow. */
export function InboxView({ peer }: { readonly peer: Peer }) {
  const { asking } = peer;
  return (
    <>
      <h2>Inbox</h2>
      {asking.error.value !== undefined && <Failure error={asking.error.value} />}
      {asking.entries.value.length === 0 ? (
        <p class="empty">
          Nobody asks for anything. Grants with “ask me each time” bring plays here, and they wait until you answer.
        </p>
      ) : (
        <ul class="cards">
          {asking.entries.value.map((entry) => (
            <li key={entry.id}>
              <Entry entry={entry} asking={asking} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Entry({ entry, asking }: { readonly entry: InboxEntry; readonly asking: Asking }) {
  const { id, caller, capability, script, args, expires_at } = entry;
  const known = identities.value.find(({ publicKey }) => publicKey === caller);
  return (
    <article aria-label={`${shortKey(caller)} asks for ${capability}`}>
      <p class="who">
        <Avatar publicKey={caller} size={24} /> {known && <strong>{known.name}</strong>} <code>{shortKey(caller)}</code>{" "}
        asks to {deed(capability)}
      </p>
      <ScrolledText label="The script">{script}</ScrolledText>
      {args !== "null" && <ScrolledText label="Its arguments">with {args}</ScrolledText>}
      <p class="quiet">until {new Date(expires_at * 1000).toLocaleString()}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => void asking.allow(id, false)}>
          Allow once
        </button>
        <button type="button" onClick={() => void asking.allow(id, true)}>
          Allow always
        </button>
        <button type="button" onClick={() => void asking.deny(id)}>
          Deny
        </button>
      </div>
    </article>
  );
}
