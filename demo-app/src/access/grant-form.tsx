import type { Grant } from "@circles/sdk";
import { useState } from "preact/hooks";
import { identities } from "../peers/identities.ts";
import { sentenceOf } from "./sentence.ts";

const KINDS = [
  { kind: "call", title: "call the function", placeholder: "sign_guestbook" },
  { kind: "read", title: "read documents", placeholder: "notes/**" },
  { kind: "write", title: "write documents", placeholder: "suggestions/*" },
  { kind: "emit", title: "tell subscribers of", placeholder: "chat" },
  { kind: "subscribe", title: "be told of", placeholder: "chat" },
] as const;

/** Makes a grant of a few answers, and says in a sentence what it will mean before it is given. */
export function GrantForm({ onGrant }: { readonly onGrant: (grant: Grant) => void }) {
  const [to, setTo] = useState("*");
  const [kind, setKind] = useState<string>("call");
  const [what, setWhat] = useState("");
  const [rate, setRate] = useState("30");
  const [hours, setHours] = useState("");
  const [asks, setAsks] = useState(false);
  const grant = makeGrant({ to, kind, what, rate, hours, asks });
  return (
    <form
      class="grant"
      aria-label="A new grant"
      onSubmit={(event) => {
        event.preventDefault();
        if (grant) onGrant(grant);
      }}
    >
      <h3>Allow something</h3>
      <label>
        Who: a public key, a group, or * for anyone
        <input
          value={to}
          list="known-peers"
          spellcheck={false}
          onInput={({ currentTarget }) => setTo(currentTarget.value.trim())}
        />
      </label>
      <datalist id="known-peers">
        {identities.value.map(({ publicKey, name }) => (
          <option key={publicKey} value={publicKey}>
            {name}
          </option>
        ))}
      </datalist>
      <label>
        May
        <select value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value)}>
          {KINDS.map(({ kind, title }) => (
            <option key={kind} value={kind}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label>
        Which
        <input
          value={what}
          spellcheck={false}
          placeholder={KINDS.find((one) => one.kind === kind)?.placeholder ?? ""}
          onInput={({ currentTarget }) => setWhat(currentTarget.value.trim())}
        />
      </label>
      <label>
        Times a minute, for each caller; empty for any number
        <input type="number" min={1} value={rate} onInput={({ currentTarget }) => setRate(currentTarget.value)} />
      </label>
      <label>
        For how many hours; empty for good
        <input type="number" min={1} value={hours} onInput={({ currentTarget }) => setHours(currentTarget.value)} />
      </label>
      <label class="check">
        <input type="checkbox" checked={asks} onChange={({ currentTarget }) => setAsks(currentTarget.checked)} />
        Ask me each time
      </label>
      <p class="sentence" role="status">
        {grant ? sentenceOf(grant) : "Say which, and it stands here in words."}
      </p>
      <div class="actions">
        <button type="submit" class="primary" disabled={!grant}>
          Allow
        </button>
      </div>
    </form>
  );
}

type Answers = {
  readonly to: string;
  readonly kind: string;
  readonly what: string;
  readonly rate: string;
  readonly hours: string;
  readonly asks: boolean;
};

const HOUR_MS = 3_600_000;

/** `undefined` while something is missing. */
function makeGrant({ to, kind, what, rate, hours, asks }: Answers): Grant | undefined {
  if (to === "" || what === "") return undefined;
  const [perMinute, lasts] = [Number(rate), Number(hours)];
  return {
    to,
    allow: [`${kind}:${what}`],
    ...(perMinute >= 1 ? { limits: { plays_per_minute: Math.floor(perMinute) } } : {}),
    ...(lasts > 0
      ? { expires: new Date(Math.ceil((Date.now() + lasts * HOUR_MS) / HOUR_MS) * HOUR_MS).toISOString() }
      : {}),
    ...(asks ? { approval: "ask" as const } : {}),
  };
}
