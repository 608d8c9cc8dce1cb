import { Failure } from "../parts/failure.tsx";
import { ValueTree } from "../parts/value-tree.tsx";
import type { Run } from "./run.ts";

/** What a run says while it goes on, and how it ended. */
export function RunOutcome({ run }: { readonly run: Run }) {
  const end = run.end.value;
  const progress = run.progress.value;
  return (
    <>
      <p class="state" role="status">
        {stateOf(run)}
      </p>
      {progress && (
        <label class="progress">
          <progress max={1} value={progress.fraction} />
          <span class="quiet">{progress.note ?? `${Math.round(progress.fraction * 100)} %`}</span>
        </label>
      )}
      {run.lines.value.length > 0 && (
        <pre class="lines" role="log">
          {run.lines.value.join("\n")}
        </pre>
      )}
      {end?.is === "result" && <ValueTree value={end.value} />}
      {end?.is === "failure" && <Failure error={end.error} />}
    </>
  );
}

function stateOf(run: Run): string {
  const [end, took, capability] = [run.end.value, run.tookMs.value, run.waitsFor.value];
  if (capability !== undefined) return `waits until the circle's owner allows ${capability}`;
  if (!end) return "running…";
  const time = took === undefined ? "" : ` after ${Math.round(took).toLocaleString()} ms`;
  if (end.is === "result") return `done${time}`;
  return end.is === "cancelled" ? `cancelled${time}; nothing was written` : `failed${time}; nothing was written`;
}
