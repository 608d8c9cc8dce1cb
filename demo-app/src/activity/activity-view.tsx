import { useEffect, useMemo, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Field } from "../parts/field.tsx";
import { Loading } from "../parts/loading.tsx";
import { SelectField } from "../parts/select-field.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import type { Peer } from "../peers/peer.ts";
import { ChainState } from "./chain-state.tsx";
import { LogFollower } from "./log-follower.ts";
import { isLook, type Outcome, outcomeOf } from "./outcome.ts";
import { Records } from "./records.tsx";
import { Timeline } from "./timeline.tsx";

const OUTCOMES: readonly { readonly value: Outcome | ""; readonly title: string }[] = [
  { value: "", title: "all" },
  ...(["completed", "error", "denied", "waiting", "cancelled", "expired"] as const).map((value) => ({
    value,
    title: value,
  })),
];

/** What happened in the peer's own circle, newest first, as it happens. */
export function ActivityView({ peer }: { readonly peer: Peer }) {
  const [only, setOnly] = useState<Outcome | "">("");
  const [text, setText] = useState("");
  const [withLooks, setWithLooks] = useState(false);
  const follower = useMemo(() => new LogFollower(peer), [peer]);
  useEffect(() => {
    void follower.follow();
    return () => follower.stop();
  }, [follower]);
  const { error, isBusy, attempt } = useAttempt();
  return (
    <>
      <h2>Activity</h2>
      <div class="fields">
        <SelectField label="Outcome" value={only} options={OUTCOMES} onChange={setOnly} />
        <Field label="With this in it">
          {(ids) => (
            <input
              {...ids}
              type="search"
              placeholder="a key, a name, a word"
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value.trim())}
            />
          )}
        </Field>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={withLooks}
          onChange={({ currentTarget }) => setWithLooks(currentTarget.checked)}
        />
        Show how this page looks at the circle, too
      </label>
      <Loading of={follower.log.value}>
        {({ records, chain, hasEarlier }) => {
          const shown = records
            .map(({ record }) => record)
            .filter((record) => withLooks || !isLook(record, peer.publicKey))
            .filter((record) => only === "" || outcomeOf(record) === only)
            .filter((record) => text === "" || JSON.stringify(record).includes(text));
          return (
            <>
              <Timeline records={shown} />
              <ChainState check={chain} />
              <Records records={shown} isFiltered={only !== "" || text !== ""} />
              {hasEarlier && (
                <button type="button" disabled={isBusy} onClick={() => void attempt(() => follower.readEarlier())}>
                  Read what was before record {records[0]?.record.seq}
                </button>
              )}
              {error !== undefined && <Failure error={error} />}
            </>
          );
        }}
      </Loading>
    </>
  );
}
