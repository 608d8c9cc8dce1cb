import type { InboxEntry } from "@circles/sdk";
import { useState } from "preact/hooks";
import { deed } from "../access/sentence.ts";
import { Failure } from "../parts/failure.tsx";
import { ScrolledText } from "../parts/scrolled-text.tsx";
import { Avatar } from "../peers/avatar.tsx";
import { identities } from "../peers/identities.ts";
import type { Peer } from "../peers/peer.ts";
import { shortKey } from "../peers/short-key.ts";
import type { Asking } from "./asking.ts";

const SHOWN_OF_CALLER = 3;

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
        Array.from(byCaller(asking.entries.value), ([caller, entries]) => (
          <Entries key={caller} entries={entries} asking={asking} />
        ))
      )}
    </>
  );
}

/** In the order in which they began to ask: one who asks much does not hide the others. */
function byCaller(entries: readonly InboxEntry[]): ReadonlyMap<string, readonly InboxEntry[]> {
  const groups = new Map<string, InboxEntry[]>();
  for (const entry of entries) groups.set(entry.caller, [...(groups.get(entry.caller) ?? []), entry]);
  return groups;
}

type EntriesProps = { readonly entries: readonly InboxEntry[]; readonly asking: Asking };

/** What one caller asks for. */
function Entries({ entries, asking }: EntriesProps) {
  const [areAllShown, showAll] = useState(false);
  const shown = areAllShown ? entries : entries.slice(0, SHOWN_OF_CALLER);
  return (
    <>
      <ul class="cards">
        {shown.map((entry) => (
          <li key={entry.id}>
            <Entry entry={entry} asking={asking} />
          </li>
        ))}
      </ul>
      {shown.length < entries.length && (
        <button type="button" class="small" onClick={() => showAll(true)}>
          {entries.length - shown.length} more of this peer
        </button>
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
