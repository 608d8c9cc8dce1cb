import { useState } from "preact/hooks";
import type { Peer } from "../peers/peer.ts";
import type { Desk } from "./desk.ts";
import { EXAMPLES } from "./examples.ts";
import { RunOutcome } from "./run-outcome.tsx";
import { ScriptEditor } from "./script-editor.tsx";

type PlayViewProps = { readonly peer: Peer };

/** Write a script, choose a circle, run it, and see what it says. */
export function PlayView({ peer }: PlayViewProps) {
  const { desk } = peer;
  const [example, setExample] = useState("");
  const [shown] = desk.runs.value;
  const isRunning = shown !== undefined && shown.end.value === undefined;
  const failure = shown?.end.value?.is === "failure" ? shown.end.value.error : undefined;
  const run = () => {
    if (!isRunning) desk.run(peer);
  };
  return (
    <div class="play">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <label>
          Circle
          <input
            type="text"
            inputMode="url"
            placeholder="my own"
            value={desk.target.value}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget }) => {
              desk.target.value = currentTarget.value.trim();
            }}
          />
        </label>
        <p class="quiet">Empty for your own, or the link to somebody else's: ws://host:port/key.</p>
        <label>
          Start from an example
          <select
            value={example}
            onChange={({ currentTarget }) => {
              setExample(currentTarget.value);
              const chosen = EXAMPLES.find(({ title }) => title === currentTarget.value);
              if (!chosen) return;
              desk.script.value = chosen.script;
              desk.args.value = chosen.args ?? "";
            }}
          >
            <option value="">choose…</option>
            {EXAMPLES.map(({ title }) => (
              <option key={title}>{title}</option>
            ))}
          </select>
        </label>
        <ScriptEditor
          label="Script"
          text={desk.script.value}
          failure={failure}
          onChange={(text) => {
            desk.script.value = text;
          }}
          onRun={run}
        />
        <label>
          Arguments, as JSON
          <textarea
            class="args"
            rows={2}
            spellcheck={false}
            placeholder='{"name": "Bob"}'
            value={desk.args.value}
            onInput={({ currentTarget }) => {
              desk.args.value = currentTarget.value;
            }}
          />
        </label>
        <div class="actions">
          <button type="submit" class="primary" disabled={isRunning}>
            Run
          </button>
          <button type="button" disabled={!isRunning} onClick={() => shown?.cancel()}>
            Cancel
          </button>
          <span class="quiet">Ctrl or ⌘ with Enter runs it</span>
        </div>
      </form>
      <section aria-label="Output" class="outcome">
        {shown ? (
          <RunOutcome run={shown} />
        ) : (
          <p class="quiet">Nothing has run yet. Press Run: the example counts how often you did.</p>
        )}
      </section>
      {desk.runs.value.length > 1 && <History desk={desk} />}
    </div>
  );
}

function History({ desk }: { readonly desk: Desk }) {
  return (
    <section aria-label="Earlier runs">
      <h3>Earlier</h3>
      <ul class="rows">
        {desk.runs.value.slice(1).map((run) => (
          <li key={run.startedAt}>
            <button
              type="button"
              onClick={() => {
                desk.script.value = run.parts.script;
                desk.args.value = run.parts.args;
              }}
            >
              Bring back
            </button>
            <code class="line">{run.parts.script.trim().split("\n")[0]}</code>
            <span class="quiet">{run.end.value?.is ?? "runs"}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
