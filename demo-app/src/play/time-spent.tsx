import type { Spent } from "./spent.ts";

/** Where a run's time went, as a bar and in words. */
export function TimeSpent({ spent: { totalMs, parts } }: { readonly spent: Spent }) {
  if (parts.length === 0) return null;
  const sum = parts.reduce((total, { ms }) => total + ms, 0) || 1;
  return (
    <figure class="spent">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        {parts.map(({ name, ms }, i) => {
          const before = parts.slice(0, i).reduce((total, part) => total + part.ms, 0);
          return (
            <rect
              key={name}
              class={`spent-${name}`}
              x={(before / sum) * 100}
              y="0"
              width={(ms / sum) * 100}
              height="6"
            />
          );
        })}
      </svg>
      <figcaption class="quiet">
        {parts.map(({ name, ms }) => (
          <span key={name} class={`key spent-${name}`}>
            {name} {milliseconds(ms)}
          </span>
        ))}
        <span>together {milliseconds(totalMs)}</span>
      </figcaption>
    </figure>
  );
}

/** Two digits, as far as a person cares. */
export function milliseconds(ms: number): string {
  return `${ms >= 10 ? Math.round(ms).toLocaleString() : ms.toFixed(1)} ms`;
}
