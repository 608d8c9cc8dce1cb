import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

/** More of a long list or object are not drawn: a stranger's result must not make the page slow. */
const MOST_ENTRIES = 200;
/** What is no larger is open from the start, below the top. */
const SMALL = 20;

type ValueTreeProps = { readonly value: unknown; readonly name?: string; readonly depth?: number };

/** Any JSON value, to be looked into. Everything in it is text. */
export function ValueTree({ value, name, depth = 0 }: ValueTreeProps) {
  const label = name === undefined ? null : <span class="value-name">{name}: </span>;
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    return <Branch value={value} label={label} depth={depth} />;
  }
  return (
    <div class="value">
      {label}
      <span class={`value-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</span>
    </div>
  );
}

type BranchProps = { readonly value: object; readonly label: ComponentChildren; readonly depth: number };

/** Draws what is in it only while it is open. */
function Branch({ value, label, depth }: BranchProps) {
  const entries = Object.entries(value);
  const [isOpen, setOpen] = useState(depth === 0 || (depth === 1 && entries.length <= SMALL));
  return (
    <details class="value" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {label}
        <span class="quiet">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      {isOpen &&
        entries
          .slice(0, MOST_ENTRIES)
          .map(([key, one]) => <ValueTree key={key} name={key} value={one} depth={depth + 1} />)}
      {isOpen && entries.length > MOST_ENTRIES && <p class="quiet">and {entries.length - MOST_ENTRIES} more</p>}
    </details>
  );
}
