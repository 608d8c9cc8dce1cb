import type { Grant, PolicyDocument } from "@circles/sdk";
import { useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Loading } from "../parts/loading.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import { useLoaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";
import { CheckForm } from "./check-form.tsx";
import { draftOf } from "./draft.ts";
import { GrantForm } from "./grant-form.tsx";
import { Groups } from "./groups.tsx";
import { ownWording } from "./own-wording.ts";
import { sentenceOf } from "./sentence.ts";

/** Who may do what in the peer's own circle, in sentences. */
export function AccessView({ peer }: { readonly peer: Peer }) {
  const policy = useLoaded(peer, async () => (await peer.own()).policy.get(), [peer.changes.value]);
  const { error, attempt } = useAttempt();
  const [given, setGiven] = useState(0);
  const change = (how: () => Promise<unknown>) =>
    attempt(async () => {
      await how();
      peer.changed();
    });
  return (
    <>
      <h2>Who may do what</h2>
      <p class="quiet">You may do everything. Anybody else may do what stands here, and nothing more.</p>
      {error !== undefined && <Failure error={error} />}
      <Loading of={policy}>
        {(document) => (
          <Grants
            policy={document}
            onRevoke={(grant) => void change(async () => (await peer.own()).policy.revoke(grant))}
            onReplace={(before, after) =>
              change(async () => {
                const isDone = await (await peer.own()).policy.replace(before, after);
                if (!isDone) throw new Error("This grant has been changed or revoked meanwhile.");
              })
            }
          />
        )}
      </Loading>
      <div class="two-columns">
        <GrantForm
          key={given}
          title="Allow something"
          action="Allow"
          onGrant={(grant) =>
            void change(async () => (await peer.own()).policy.grant(grant)).then((isDone) => {
              if (isDone) setGiven(given + 1); // an empty form for the next one
            })
          }
        />
        <CheckForm peer={peer} policy={policy.is === "there" ? policy.value : undefined} />
      </div>
      <Loading of={policy}>
        {(document) => (
          <Groups
            policy={document}
            onSet={(name, peers) => change(async () => (await peer.own()).policy.setGroup(name, peers))}
          />
        )}
      </Loading>
    </>
  );
}

type GrantsProps = {
  readonly policy: PolicyDocument;
  readonly onRevoke: (grant: Grant) => void;
  readonly onReplace: (before: Grant, after: Grant) => Promise<boolean>;
};

function Grants({ policy, onRevoke, onReplace }: GrantsProps) {
  const [changing, setChanging] = useState<string | undefined>(undefined);
  if (policy.grants.length === 0) return <p class="empty">Nobody else may do anything here.</p>;
  return (
    <ul class="rows grants">
      {policy.grants.map((grant) => {
        const sentence = sentenceOf(grant, ownWording());
        const key = JSON.stringify(grant);
        const isOver = grant.expires !== undefined && Date.parse(grant.expires) <= Date.now();
        return (
          <li key={key}>
            <span class="grow">
              {sentence} {isOver && <strong class="badge">over</strong>}
            </span>
            <button
              type="button"
              class="small"
              aria-label={`Change: ${sentence}`}
              aria-expanded={changing === key}
              onClick={() => setChanging(changing === key ? undefined : key)}
            >
              Change
            </button>
            <button type="button" class="small" aria-label={`Revoke: ${sentence}`} onClick={() => onRevoke(grant)}>
              Revoke
            </button>
            {changing === key && (
              <GrantForm
                title="Change this grant"
                action="Change it"
                begin={draftOf(grant)}
                onCancel={() => setChanging(undefined)}
                onGrant={(after) =>
                  void onReplace(grant, after).then((isDone) => {
                    if (isDone) setChanging(undefined);
                  })
                }
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}
