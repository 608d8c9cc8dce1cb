import type { LogRecord } from "@circles/sdk";
import { useState } from "preact/hooks";
import { Loading } from "../parts/loading.tsx";
import { useLoaded } from "../parts/use-loaded.ts";
import { Avatar } from "../peers/avatar.tsx";
import type { Peer } from "../peers/peer.ts";
import { shortKey } from "../peers/short-key.ts";
import { type Outcome, outcomeOf, readActivity } from "./read-activity.ts";
import { Timeline } from "./timeline.tsx";

const OUTCOMES: readonly Outcome[] = ["completed", "error", "denied", "waiting", "cancelled", "expired"];

/** What happened in the peer's own circle, newest first. */
export function ActivityView({ peer }: { readonly peer: Peer }) {
  const [only, setOnly] = useState<Outcome | "">("");
  const [asked, setAsked] = useState(0);
  const records = useLoaded(() => readActivity(peer), [peer, peer.changes.value, asked]);
  return (
    <>
      <h3>Activity</h3>
      <div class="actions">
        <label>
          Show{" "}
          <select value={only} onChange={({ currentTarget }) => setOnly(currentTarget.value as Outcome | "")}>
            <option value="">everything</option>
            {OUTCOMES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => setAsked(asked + 1)}>
          Look again
        </button>
      </div>
      <Loading of={records}>
        {(all) => (
          <>
            <Timeline records={all} />
            <Records records={all.filter((record) => only === "" || outcomeOf(record) === only)} />
          </>
        )}
      </Loading>
    </>
  );
}

function Records({ records }: { readonly records: readonly LogRecord[] }) {
  if (records.length === 0) return <p class="quiet">Nothing yet. Every play in your circle leaves a record here.</p>;
  return (
    <ol class="rows records" reversed>
      {records.toReversed().map((record) => (
        <li key={record.seq} class={`outcome-${outcomeOf(record)}`}>
          <span class="quiet number">{record.seq}</span>
          <time class="quiet" dateTime={record.at}>
            {new Date(record.at).toLocaleTimeString()}
          </time>
          <What record={record} />
        </li>
      ))}
    </ol>
  );
}

function What({ record }: { readonly record: LogRecord }) {
  if (record.kind === "denials") {
    const plays = record.denials.reduce((sum, one) => sum + one.plays, record.others?.plays ?? 0);
    return <span class="grow">{plays === 1 ? "one play was denied" : `${plays} plays were denied`}</span>;
  }
  if (record.kind !== "play") return <span class="grow quiet">{record.kind}</span>;
  const { caller, status, writes } = record;
  const said =
    status === "completed" ? record.output : status === "waiting" ? record.capability : record.failure.message;
  return (
    <>
      <Avatar publicKey={caller} size={20} />
      <code>{shortKey(caller)}</code>
      <span class="badge">{status}</span>
      <span class="grow line">{said}</span>
      {writes.length > 0 && <span class="quiet line">→ {writes.join(", ")}</span>}
    </>
  );
}
