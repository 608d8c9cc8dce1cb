import { useId } from "preact/hooks";
import { Field } from "../parts/field.tsx";
import { identities } from "../peers/identities.ts";

type PeerFieldProps = {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
};

/** Names a peer, or whatever else `hint` says; the identities of this page are offered. */
export function PeerField({ label, hint, value, onChange }: PeerFieldProps) {
  const peers = useId();
  return (
    <>
      <Field label={label} hint={hint}>
        {(ids) => (
          <input
            {...ids}
            value={value}
            list={peers}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget }) => onChange(currentTarget.value.trim())}
          />
        )}
      </Field>
      <datalist id={peers}>
        {identities.value.map(({ publicKey, name }) => (
          <option key={publicKey} value={publicKey}>
            {name}
          </option>
        ))}
      </datalist>
    </>
  );
}
