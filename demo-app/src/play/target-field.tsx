import { useId } from "preact/hooks";
import { Field } from "../parts/field.tsx";
import { Avatar } from "../peers/avatar.tsx";
import { identities } from "../peers/identities.ts";
import type { Peer } from "../peers/peer.ts";
import { shortKey } from "../peers/short-key.ts";
import { keyIn, parseTarget } from "../peers/target.ts";

/** Whose circle a peer turns to; one's own if nothing is said. */
export function TargetField({ peer }: { readonly peer: Peer }) {
  const { target } = peer;
  const list = useId();
  return (
    <div class="target">
      <Field label="Circle">
        {(ids) => (
          <input
            {...ids}
            type="text"
            inputMode="url"
            list={list}
            placeholder="my own"
            value={target.value}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget }) => {
              target.value = currentTarget.value.trim();
            }}
          />
        )}
      </Field>
      <datalist id={list}>
        {identities.value
          .filter(({ publicKey }) => publicKey !== peer.publicKey)
          .map(({ publicKey, name }) => (
            <option key={publicKey} value={`${peer.relay}/${publicKey}`}>
              {name}
            </option>
          ))}
      </datalist>
      <Whose peer={peer} />
    </div>
  );
}

/** The circle as people know it, so that nobody plays in another one than they think. */
function Whose({ peer }: { readonly peer: Peer }) {
  let url: string;
  try {
    url = parseTarget(peer.target.value, peer);
  } catch {
    return <p class="whose quiet">A public key, a link to a circle, or ws://host:port/key</p>;
  }
  const key = keyIn(url);
  // Another relay may claim to have anybody's circle: names are for those at one's own.
  const isHere = url === `${peer.relay}/${key}`;
  const known = isHere ? identities.value.find(({ publicKey }) => publicKey === key) : undefined;
  const whose = url === peer.ownUrl ? "your own" : (known?.name ?? "a peer's");
  return (
    <p class="whose quiet">
      <Avatar publicKey={key} size={20} /> {whose} <code>{shortKey(key)}</code>
      {!isHere && <strong> at {new URL(url).host}, another relay</strong>}
    </p>
  );
}
