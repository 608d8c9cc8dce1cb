import { Field } from "../parts/field.tsx";
import { SelectField } from "../parts/select-field.tsx";
import { type Deed, KINDS, namingOf } from "./draft.ts";

type DeedFieldsProps = {
  readonly deed: Deed;
  readonly labels: { readonly kind: string; readonly what: string };
  /** What the name is like. Default: as the kind of deed says, which may be a pattern. */
  readonly placeholder?: string;
  readonly onChange: (deed: Deed) => void;
};

/** Something that a peer may do: of which kind and, where that has names, with what. */
export function DeedFields({ deed, labels, placeholder = namingOf(deed.kind), onChange }: DeedFieldsProps) {
  return (
    <div class="fields">
      <SelectField
        label={labels.kind}
        value={deed.kind}
        options={KINDS.map(({ kind, title }) => ({ value: kind as string, title }))}
        onChange={(kind) => onChange({ ...deed, kind })}
      />
      {namingOf(deed.kind) !== undefined && (
        <Field label={labels.what}>
          {(ids) => (
            <input
              {...ids}
              value={deed.what}
              spellcheck={false}
              autocomplete="off"
              placeholder={placeholder}
              onInput={({ currentTarget }) => onChange({ ...deed, what: currentTarget.value.trim() })}
            />
          )}
        </Field>
      )}
    </div>
  );
}
