import type { Peer } from "../peers/peer.ts";
import { shortKey } from "../peers/short-key.ts";
import { keyIn } from "../peers/target.ts";
import type { Run } from "./run.ts";

/** What was run before, to be looked at or run again. */
export function Earlier({ peer }: { readonly peer: Peer }) {
  const [, ...earlier] = peer.desk.runs.value;
  if (earlier.length === 0) return null;
  return (
    <section aria-label="Earlier runs">
      <h3>Earlier</h3>
      <ul class="rows">
        {earlier.map((run) => (
          <li key={run.startedAt}>
            <span class={`dot state-${run.end.value?.is ?? "running"}`} role="img" aria-label={endOf(run)} />
            <code class="line grow">{firstLine(run.parts.script)}</code>
            <span class="quiet">{whereOf(run)}</span>
            <button type="button" class="small" onClick={() => peer.desk.bringBack(peer, run.parts)}>
              Edit
            </button>
            <button type="button" class="small" onClick={() => peer.desk.again(peer, run)}>
              Run again
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function endOf({ end }: Run): string {
  return end.value?.is ?? "running";
}

function whereOf({ parts: { target } }: Run): string {
  return target === "" ? "" : shortKey(keyIn(target));
}

/** The first that is no comment. */
function firstLine(script: string): string {
  const lines = script.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("//")) ?? lines[0] ?? "";
}
