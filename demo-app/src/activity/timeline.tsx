import type { LogRecord } from "@circles/sdk";
import { type Outcome, outcomeOf } from "./outcome.ts";

const BARS = 40;
const HEIGHT = 48;

/** Plays over time: a bar for each stretch, in it a part for each outcome. */
export function Timeline({ records }: { readonly records: readonly LogRecord[] }) {
  const times = records.map(({ at }) => Date.parse(at));
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || records.length < 2) return null;
  const length = Math.max(1, last - first);
  const bars = Array.from({ length: BARS }, () => new Map<Outcome, number>());
  for (const [i, record] of records.entries()) {
    const bar = bars[Math.min(BARS - 1, Math.floor((((times[i] ?? first) - first) / length) * BARS))];
    const outcome = outcomeOf(record);
    bar?.set(outcome, (bar.get(outcome) ?? 0) + 1);
  }
  const most = Math.max(...bars.map((bar) => sum(bar)));
  const seen = new Set(bars.flatMap((bar) => Array.from(bar.keys())));
  const denied = records.filter((record) => outcomeOf(record) === "denied").length;
  return (
    <figure class="timeline">
      <svg
        preserveAspectRatio="none"
        viewBox={`0 0 ${BARS * 4} ${HEIGHT}`}
        role="img"
        aria-label={`${records.length} records from ${new Date(first).toLocaleString()} to ${new Date(last).toLocaleString()}, ${denied} of them denials`}
      >
        {bars.flatMap((bar, x) => {
          let top = HEIGHT;
          return Array.from(bar, ([outcome, count]) => {
            const height = (count / most) * HEIGHT;
            top -= height;
            return (
              <rect key={`${x} ${outcome}`} class={`outcome-${outcome}`} x={x * 4} y={top} width="3" height={height} />
            );
          });
        })}
      </svg>
      <figcaption class="quiet">
        {Array.from(seen, (outcome) => (
          <span key={outcome} class={`key outcome-${outcome}`}>
            {outcome}
          </span>
        ))}
        <span>
          {new Date(first).toLocaleTimeString()} – {new Date(last).toLocaleTimeString()}
        </span>
      </figcaption>
    </figure>
  );
}

function sum(bar: ReadonlyMap<Outcome, number>): number {
  return Array.from(bar.values()).reduce((total, count) => total + count, 0);
}
