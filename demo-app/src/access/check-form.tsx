import { canonicalPublicKey, type Grant, type PolicyDocument, type PolicyVerdict } from "@circles/sdk";
import { useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import type { Peer } from "../peers/peer.ts";
import { DeedFields } from "./deed-fields.tsx";
import { capabilityOf, type Deed, namingOf } from "./draft.ts";
import { ownWording } from "./own-wording.ts";
import { PeerField } from "./peer-field.tsx";
import { deed as inWords, who as named, sentenceOf } from "./sentence.ts";

type CheckFormProps = { readonly peer: Peer; readonly policy: PolicyDocument | undefined };

type Question = { readonly who: string; readonly deed: Deed };
type Answer = { readonly key: string; readonly capability: string; readonly verdict: PolicyVerdict };

const VERDICTS: Readonly<Record<PolicyVerdict, (who: string, deed: string) => string>> = {
  allowed: (who, deed) => `Yes: ${who} may ${deed}.`,
  asks: (who, deed) => `Only if you allow it each time: ${who} may ${deed}.`,
  denied: (who, deed) => `No: ${who} may not ${deed}.`,
};

/** "What could this peer do?", answered by the relay as it would judge that peer's play now. */
export function CheckForm({ peer, policy }: CheckFormProps) {
  const [{ who, deed }, setQuestion] = useState<Question>({ who: "", deed: { kind: "read", what: "" } });
  const [answer, setAnswer] = useState<Answer | undefined>(undefined);
  const { error, isBusy, attempt } = useAttempt();
  const change = (part: Partial<Question>) => {
    setQuestion({ who, deed, ...part });
    setAnswer(undefined); // it answers another question
  };
  const capability = capabilityOf(deed);
  const ask = async () => {
    if (capability === undefined) return;
    const verdict = await (await peer.own()).policy.check(who, capability);
    setAnswer({ key: canonicalPublicKey(who), capability, verdict });
  };
  const grants = policy && answer ? grantsFor(policy, answer.key) : [];
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
      <fieldset disabled={isBusy}>
        <legend class="hidden">Question</legend>
        <PeerField label="Peer" hint="Its public key" value={who} onChange={(who) => change({ who })} />
        <DeedFields
          deed={deed}
          labels={{ kind: "Could it", what: "This one" }}
          placeholder={namingOf(deed.kind)?.replaceAll(/\*+/g, "today") ?? ""}
          onChange={(deed) => change({ deed })}
        />
        <div class="actions">
          <button type="submit" disabled={who === "" || capability === undefined}>
            Check
          </button>
        </div>
      </fieldset>
      <div role="status">
        {answer && (
          <>
            <p class={`verdict verdict-${answer.verdict}`}>
              {VERDICTS[answer.verdict](named(answer.key, ownWording().names), inWords(answer.capability))}
            </p>
            {grants.length > 0 && (
              <ul class="quiet">
                {grants.map((grant) => (
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
