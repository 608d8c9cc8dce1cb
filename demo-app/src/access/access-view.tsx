import type { Grant, PolicyDocument } from "@circles/sdk";
import { useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Loading } from "../parts/loading.tsx";
import { useLoaded } from "../parts/use-loaded.ts";
import { identities } from "../peers/identities.ts";
import type { Peer } from "../peers/peer.ts";
import { GrantForm } from "./grant-form.tsx";
import { sentenceOf } from "./sentence.ts";

/** Who may do what in the peer's own circle, in sentences. */
export function AccessView({ peer }: { readonly peer: Peer }) {
  const policy = useLoaded(async () => (await peer.own()).policy.get(), [peer, peer.changes.value]);
  const [error, setError] = useState<unknown>(undefined);
  const change = async (how: "grant" | "revoke", grant: Grant) => {
    setError(undefined);
    try {
      const { policy } = await peer.own();
      await (how === "grant" ? policy.grant(grant) : policy.revoke(grant));
      peer.changed();
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <>
      <h3>Who may do what</h3>
      <p class="quiet">You may do everything. Anybody else may do what stands here, and nothing more.</p>
      <Loading of={policy}>
        {(document) => <Grants policy={document} onRevoke={(grant) => void change("revoke", grant)} />}
      </Loading>
      {error !== undefined && <Failure error={error} />}
      <GrantForm onGrant={(grant) => void change("grant", grant)} />
    </>
  );
}

type GrantsProps = { readonly policy: PolicyDocument; readonly onRevoke: (grant: Grant) => void };

function Grants({ policy, onRevoke }: GrantsProps) {
  const names = new Map(identities.value.map(({ publicKey, name }) => [publicKey, name]));
  if (policy.grants.length === 0) return <p>Nobody else may do anything here.</p>;
  return (
    <ul class="rows">
      {policy.grants.map((grant) => {
        const sentence = sentenceOf(grant, names);
        return (
          <li key={JSON.stringify(grant)}>
            <span class="grow">{sentence}</span>
            <button type="button" aria-label={`Revoke: ${sentence}`} onClick={() => onRevoke(grant)}>
              Revoke
            </button>
          </li>
        );
      })}
    </ul>
  );
}
