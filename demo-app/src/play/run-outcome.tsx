import { ConnectionError, DeadlineError, WireError } from "@circles/sdk";
import { useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { ScrolledText } from "../parts/scrolled-text.tsx";
import { ValueTree } from "../parts/value-tree.tsx";
import type { Run } from "./run.ts";
import { milliseconds, TimeSpent } from "./time-spent.tsx";

/** What a run says while it goes on, and how it ended. */
export function RunOutcome({ run }: { readonly run: Run }) {
  const end = run.end.value;
  const progress = run.progress.value;
  const spent = run.spent.value;
  return (
    <>
      <p class={`state state-${end?.is ?? "running"}`} role="status">
        {stateOf(run)}
      </p>
      {progress && (
        <div class="progress">
          <progress aria-label="Progress" max={1} value={progress.fraction} />
          <span class="quiet">{progress.note ?? `${Math.round(progress.fraction * 100)} %`}</span>
        </div>
      )}
      {run.lines.value.length > 0 && (
        <ScrolledText label="What the script printed" isLive>
          {run.lines.value.join("\n")}
        </ScrolledText>
      )}
      {run.dropped.value > 0 && <p class="quiet">and {run.dropped.value.toLocaleString()} lines more</p>}
      {end?.is === "result" && <Result value={end.value} />}
      {end?.is === "failure" && <Failure error={end.error} />}
      {spent && <TimeSpent spent={spent} />}
    </>
  );
}

function Result({ value }: { readonly value: unknown }) {
  const [isText, setText] = useState(false);
  const isTree = typeof value === "object" && value !== null;
  return (
    <>
      <div class="result-head">
        <h3>Result</h3>
        {isTree && (
          <button type="button" class="small" aria-pressed={isText} onClick={() => setText(!isText)}>
            JSON
          </button>
        )}
      </div>
      {isText ? (
        <ScrolledText label="The result as JSON">{JSON.stringify(value, undefined, 2)}</ScrolledText>
      ) : (
        <ValueTree value={value} />
      )}
    </>
  );
}

function stateOf({ end, spent, waitsFor }: Run): string {
  if (waitsFor.value !== undefined) return `waits until the circle's owner allows ${waitsFor.value}`;
  if (!end.value) return "running…";
  const time = spent.value === undefined ? "" : ` after ${milliseconds(spent.value.totalMs)}`;
  if (end.value.is === "result") return `done${time}`;
  if (end.value.is === "cancelled") return `cancelled${time}; nothing was written`;
  return `failed${time}; ${isUnknown(end.value.error) ? "whether it happened, nobody here knows" : "nothing was written"}`;
}

/** May the play have happened all the same, or happen yet? */
function isUnknown(error: unknown): boolean {
  if (error instanceof WireError) return (error.data as { outcome?: unknown } | undefined)?.outcome === "unknown";
  return error instanceof DeadlineError || error instanceof ConnectionError;
}
