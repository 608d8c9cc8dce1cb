import type { LogRecord } from "@circles/sdk";
import { useState } from "preact/hooks";
import { oneLine } from "../parts/quoted.ts";
import { Avatar } from "../peers/avatar.tsx";
import { identities } from "../peers/identities.ts";
import { shortKey } from "../peers/short-key.ts";
import { outcomeOf } from "./outcome.ts";

/** So many are drawn, and so many more each time that somebody asks. */
const SHOWN = 200;

type RecordsProps = { readonly records: readonly LogRecord[]; readonly isFiltered: boolean };

/** Records, newest first. Everything in them is text. */
export function Records({ records, isFiltered }: RecordsProps) {
  const [most, setMost] = useState(SHOWN);
  if (records.length === 0) {
    return (
      <p class="empty">
        {isFiltered ? "Nothing like that." : "Nothing yet. Every play in your circle leaves a record here."}
      </p>
    );
  }
  return (
    <>
      <ol class="rows records" aria-label="Records, newest first" reversed>
        {records
          .slice(-most)
          .toReversed()
          .map((record) => (
            <li key={record.seq} class={`outcome-${outcomeOf(record)}`}>
              <span class="quiet number">{record.seq}</span>
              <time class="quiet" dateTime={record.at}>
                {new Date(record.at).toLocaleTimeString()}
              </time>
              <What record={record} />
            </li>
          ))}
      </ol>
      {records.length > most && (
        <button type="button" onClick={() => setMost(most + SHOWN)}>
          Show {Math.min(SHOWN, records.length - most)} of {records.length - most} before these
        </button>
      )}
    </>
  );
}

function What({ record }: { readonly record: LogRecord }) {
  if (record.kind === "denials") {
    const plays = record.denials.reduce((sum, one) => sum + one.plays, record.others?.plays ?? 0);
    const wanted = record.denials.map(({ capability }) => (capability === "*" ? "any grant" : capability));
    return (
      <>
        <span class="badge">denied</span>
        <span class="grow line">
          {plays === 1 ? "one play" : `${plays} plays`}{" "}
          {wanted.length > 0 && `for want of ${oneLine(wanted.join(", "))}`}
        </span>
      </>
    );
  }
  if (record.kind !== "play") return <span class="grow quiet">{record.kind}</span>;
  const { caller, status, writes } = record;
  const said =
    status === "completed" ? record.output : status === "waiting" ? record.capability : record.failure.message;
  const known = identities.value.find(({ publicKey }) => publicKey === caller);
  return (
    <>
      <Avatar publicKey={caller} size={20} />
      <span class="line caller">{known ? known.name : <code>{shortKey(caller)}</code>}</span>
      <span class="badge">{status}</span>
      <span class="grow line">{oneLine(said)}</span>
      {writes.length > 0 && <span class="quiet line">→ {oneLine(writes.join(", "))}</span>}
    </>
  );
}
