import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** What ties a control to its label and its hint. */
export type FieldIds = { readonly id: string; readonly "aria-describedby"?: string };

type FieldProps = {
  readonly label: string;
  readonly hint?: string;
  readonly children: (ids: FieldIds) => ComponentChildren;
};

/** A control with its label above it, and under it what helps to fill it in. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(hint === undefined ? { id } : { id, "aria-describedby": hintId })}
      {hint !== undefined && (
        <p class="quiet" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  );
}
