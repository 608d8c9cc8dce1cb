/** More of a long list or object are not drawn: a stranger's result must not make the page slow. */
const MOST_ENTRIES = 500;
const OPEN_DEPTH = 2;

type ValueTreeProps = { readonly value: unknown; readonly name?: string; readonly depth?: number };

/** Any JSON value, to be looked into. Everything in it is text. */
export function ValueTree({ value, name, depth = 0 }: ValueTreeProps) {
  const label = name === undefined ? null : <span class="value-name">{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div class="value">
        {label}
        <span class={`value-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</span>
      </div>
    );
  }
  const entries = Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (entries.length === 0) {
    return (
      <div class="value">
        {label}
        {Array.isArray(value) ? "[]" : "{}"}
      </div>
    );
  }
  return (
    <details class="value" open={depth < OPEN_DEPTH}>
      <summary>
        {label}
        <span class="quiet">{size}</span>
      </summary>
      {entries.slice(0, MOST_ENTRIES).map(([key, one]) => (
        <ValueTree key={key} name={key} value={one} depth={depth + 1} />
      ))}
      {entries.length > MOST_ENTRIES && <p class="quiet">and {entries.length - MOST_ENTRIES} more</p>}
    </details>
  );
}
