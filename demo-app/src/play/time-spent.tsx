import type { Spent, SpentPart } from "./spent.ts";

const NAMES: Readonly<Record<SpentPart["kind"], string>> = {
  network: "network and signature",
  queue: "queue",
  run: "run",
  commit: "commit",
};

/** Where a run's time went, as a bar and in words. */
export function TimeSpent({ spent: { totalMs, parts } }: { readonly spent: Spent }) {
  if (parts.length === 0) return null;
  const sum = parts.reduce((total, { ms }) => total + ms, 0) || 1;
  let before = 0;
  const bars = parts.map(({ kind, ms }) => {
    const x = (before / sum) * 100;
    before += ms;
    return <rect key={kind} class={`spent-${kind}`} x={x} y="0" width={(ms / sum) * 100} height="6" />;
  });
  return (
    <figure class="spent">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        {bars}
      </svg>
      <figcaption class="quiet">
        {parts.map(({ kind, ms }) => (
          <span key={kind} class={`key spent-${kind}`}>
            {NAMES[kind]} {milliseconds(ms)}
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
