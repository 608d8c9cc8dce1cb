import type { Grant } from "@circles/sdk";
import { useId, useState } from "preact/hooks";
import { Field } from "../parts/field.tsx";
import { identities } from "../peers/identities.ts";
import { type Deed, type Draft, EMPTY, type Ending, grantOf, KINDS } from "./draft.ts";
import { ownWording } from "./own-wording.ts";
import { sentenceOf } from "./sentence.ts";

type GrantFormProps = {
  readonly title: string;
  readonly action: string;
  readonly begin?: Draft;
  readonly onGrant: (grant: Grant) => void;
  readonly onCancel?: () => void;
};

const ENDINGS: readonly { readonly ends: Ending; readonly title: string }[] = [
  { ends: "never", title: "never" },
  { ends: "1", title: "in an hour" },
  { ends: "24", title: "in a day" },
  { ends: "168", title: "in a week" },
];

/** Makes a grant of a few answers, and says in a sentence what it will mean before it is given. */
export function GrantForm({ title, action, begin = EMPTY, onGrant, onCancel }: GrantFormProps) {
  const [draft, setDraft] = useState(begin);
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const peers = useId();
  const grant = grantOf(draft);
  return (
    <form
      class="card"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        if (grant) onGrant(grant);
      }}
    >
      <h3>{title}</h3>
      <Field label="Who" hint="A public key, a group, or * for anyone">
        {(ids) => (
          <input
            {...ids}
            value={draft.to}
            list={peers}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget }) => change({ to: currentTarget.value.trim() })}
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
      <Deeds deeds={draft.deeds} onChange={(deeds) => change({ deeds })} />
      <div class="fields">
        <Field label="Times a minute" hint="For each caller; empty for any number">
          {(ids) => (
            <input
              {...ids}
              type="number"
              min={1}
              value={draft.rate}
              onInput={({ currentTarget }) => change({ rate: currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Ends">
          {(ids) => (
            <select
              {...ids}
              value={draft.ends}
              onChange={({ currentTarget }) => change({ ends: currentTarget.value as Ending })}
            >
              {draft.base?.expires !== undefined && <option value="kept">as it does now</option>}
              {ENDINGS.map(({ ends, title }) => (
                <option key={ends} value={ends}>
                  {title}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.asks}
          onChange={({ currentTarget }) => change({ asks: currentTarget.checked })}
        />
        Ask me each time
      </label>
      <p class="sentence" role="status">
        {grant ? sentenceOf(grant, ownWording()) : "Say which, and it stands here in words."}
      </p>
      <div class="actions">
        <button type="submit" class="primary" disabled={!grant}>
          {action}
        </button>
        {onCancel && (
          <button type="button" onClick={onCancel}>
            Leave it
          </button>
        )}
      </div>
    </form>
  );
}

type DeedsProps = { readonly deeds: readonly Deed[]; readonly onChange: (deeds: readonly Deed[]) => void };

function Deeds({ deeds, onChange }: DeedsProps) {
  const put = (at: number, deed: Deed) => onChange(deeds.map((other, i) => (i === at ? deed : other)));
  return (
    <>
      {deeds.map((deed, i) => {
        const placeholder = KINDS.find(({ kind }) => kind === deed.kind)?.placeholder;
        return (
          <div class="fields" key={i}>
            <Field label={i === 0 ? "May" : "and may"}>
              {(ids) => (
                <select
                  {...ids}
                  value={deed.kind}
                  onChange={({ currentTarget }) => put(i, { ...deed, kind: currentTarget.value })}
                >
                  {KINDS.map(({ kind, title }) => (
                    <option key={kind} value={kind}>
                      {title}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            {placeholder !== undefined && (
              <Field label="Which">
                {(ids) => (
                  <input
                    {...ids}
                    value={deed.what}
                    spellcheck={false}
                    autocomplete="off"
                    placeholder={placeholder}
                    onInput={({ currentTarget }) => put(i, { ...deed, what: currentTarget.value.trim() })}
                  />
                )}
              </Field>
            )}
          </div>
        );
      })}
      <div class="actions">
        <button type="button" class="small" onClick={() => onChange([...deeds, { kind: "read", what: "" }])}>
          And something else
        </button>
        {deeds.length > 1 && (
          <button type="button" class="small" onClick={() => onChange(deeds.slice(0, -1))}>
            Not the last
          </button>
        )}
      </div>
    </>
  );
}
