import { canonicalPublicKey, type Grant, type PolicyDocument, type PolicyVerdict } from "@circles/sdk";
import { useId, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Field } from "../parts/field.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import { identities } from "../peers/identities.ts";
import type { Peer } from "../peers/peer.ts";
import { KINDS } from "./draft.ts";
import { ownWording } from "./own-wording.ts";
import { deed, sentenceOf } from "./sentence.ts";

type CheckFormProps = { readonly peer: Peer; readonly policy: PolicyDocument | undefined };

type Answer = { readonly deed: string; readonly verdict: PolicyVerdict; readonly grants: readonly Grant[] };

const VERDICTS: Readonly<Record<PolicyVerdict, string>> = {
  allowed: "Yes",
  asks: "Only if you allow it each time",
  denied: "No",
};

/** "What could this peer do?", answered by the relay as it would judge that peer's play now. */
export function CheckForm({ peer, policy }: CheckFormProps) {
  const [who, setWho] = useState("");
  const [kind, setKind] = useState("read");
  const [what, setWhat] = useState("");
  const [answer, setAnswer] = useState<Answer | undefined>(undefined);
  const { error, isBusy, attempt } = useAttempt();
  const peers = useId();
  const placeholder = KINDS.find((one) => one.kind === kind)?.placeholder;
  const ask = async () => {
    const capability = placeholder === undefined ? kind : `${kind}:${what}`;
    const verdict = await (await peer.own()).policy.check(who, capability);
    const key = canonicalPublicKey(who);
    setAnswer({ deed: deed(capability), verdict, grants: policy ? grantsFor(policy, key) : [] });
  };
  return (
    <form
      class="card"
      aria-label="What could a peer do?"
      onSubmit={(event) => {
        event.preventDefault();
        setAnswer(undefined);
        void attempt(ask);
      }}
    >
      <h3>What could a peer do?</h3>
      <Field label="Peer" hint="Its public key">
        {(ids) => (
          <input
            {...ids}
            value={who}
            list={peers}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget }) => setWho(currentTarget.value.trim())}
          />
        )}
      </Field>
      <datalist id={peers}>
        {identities.value
          .filter(({ publicKey }) => publicKey !== peer.publicKey)
          .map(({ publicKey, name }) => (
            <option key={publicKey} value={publicKey}>
              {name}
            </option>
          ))}
      </datalist>
      <div class="fields">
        <Field label="Could it">
          {(ids) => (
            <select {...ids} value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value)}>
              {KINDS.map(({ kind, title }) => (
                <option key={kind} value={kind}>
                  {title}
                </option>
              ))}
            </select>
          )}
        </Field>
        {placeholder !== undefined && (
          <Field label="This one">
            {(ids) => (
              <input
                {...ids}
                value={what}
                spellcheck={false}
                autocomplete="off"
                placeholder={placeholder.replaceAll(/\*+/g, "today")}
                onInput={({ currentTarget }) => setWhat(currentTarget.value.trim())}
              />
            )}
          </Field>
        )}
      </div>
      <div class="actions">
        <button type="submit" disabled={isBusy || who === "" || (placeholder !== undefined && what === "")}>
          Check
        </button>
      </div>
      <div role="status">
        {answer && (
          <>
            <p class={`verdict verdict-${answer.verdict}`}>
              {VERDICTS[answer.verdict]}: {answer.deed}.
            </p>
            {answer.grants.length > 0 && (
              <ul class="quiet">
                {answer.grants.map((grant) => (
                  <li key={JSON.stringify(grant)}>{sentenceOf(grant, ownWording())}</li>
                ))}
              </ul>
            )}
          </>
        )}
      </div>
      {error !== undefined && <Failure error={error} />}
    </form>
  );
}

/** What gives this peer anything now. */
function grantsFor({ groups = {}, grants }: PolicyDocument, key: string): Grant[] {
  return grants.filter(
    ({ to, expires }) =>
      (to === "*" || to === key || (groups[to] ?? []).some((member) => member === key)) &&
      (expires === undefined || Date.parse(expires) > Date.now()),
  );
}
