import type { Grant } from "@circles/sdk";
import { useState } from "preact/hooks";
import { Field } from "../parts/field.tsx";
import { SelectField } from "../parts/select-field.tsx";
import { DeedFields } from "./deed-fields.tsx";
import { type Deed, type Draft, EMPTY, type Ending, grantOf } from "./draft.ts";
import { ownWording } from "./own-wording.ts";
import { PeerField } from "./peer-field.tsx";
import { sentenceOf } from "./sentence.ts";

type GrantFormProps = {
  readonly title: string;
  readonly action: string;
  readonly begin?: Draft;
  readonly onGrant: (grant: Grant) => void;
  readonly onCancel?: () => void;
};

const KEPT = { value: "kept", title: "as it does now" } as const;
const ENDINGS: readonly { readonly value: Ending; readonly title: string }[] = [
  { value: "never", title: "never" },
  { value: "1", title: "in an hour" },
  { value: "24", title: "in a day" },
  { value: "168", title: "in a week" },
];

/** Makes a grant of a few answers, and says in a sentence what it will mean before it is given. */
export function GrantForm({ title, action, begin = EMPTY, onGrant, onCancel }: GrantFormProps) {
  const [draft, setDraft] = useState(begin);
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
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
      <PeerField
        label="Who"
        hint="A public key, a group, or * for anyone"
        value={draft.to}
        onChange={(to) => change({ to })}
      />
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
        <SelectField
          label="Ends"
          value={draft.ends}
          options={draft.base?.expires === undefined ? ENDINGS : [KEPT, ...ENDINGS]}
          onChange={(ends) => change({ ends })}
        />
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
      {deeds.map((deed, i) => (
        <DeedFields
          key={i}
          deed={deed}
          labels={{ kind: i === 0 ? "May" : "and may", what: "Which" }}
          onChange={(next) => put(i, next)}
        />
      ))}
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
