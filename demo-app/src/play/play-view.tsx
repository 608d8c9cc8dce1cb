import { useState } from "preact/hooks";
import { Field } from "../parts/field.tsx";
import { SelectField } from "../parts/select-field.tsx";
import { me } from "../peers/identities.ts";
import type { Peer } from "../peers/peer.ts";
import { Earlier } from "./earlier.tsx";
import { EXAMPLES } from "./examples.ts";
import { FirstSteps } from "./first-steps.tsx";
import { RunOutcome } from "./run-outcome.tsx";
import { ScriptEditor } from "./script-editor.tsx";
import { TargetField } from "./target-field.tsx";

type PlayViewProps = { readonly peer: Peer };

/** Write a script, choose a circle, run it, and see what it says. */
export function PlayView({ peer }: PlayViewProps) {
  const { desk } = peer;
  const [shown] = desk.runs.value;
  const isRunning = shown !== undefined && shown.end.value === undefined;
  const failure = shown?.end.value?.is === "failure" ? shown.end.value.error : undefined;
  const run = () => {
    if (!isRunning) desk.run(peer);
  };
  return (
    <div class="play">
      <h2 class="hidden">Play</h2>
      {me.value === peer && <FirstSteps />}
      <div class="toolbar">
        <TargetField peer={peer} />
        <Examples peer={peer} />
      </div>
      <div class="bench">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
        >
          <ScriptEditor
            label="Script"
            text={desk.script.value}
            failure={failure}
            onChange={(text) => {
              desk.script.value = text;
            }}
            onRun={run}
          />
          <div class="actions">
            <button type="submit" class="primary" disabled={isRunning}>
              Run
            </button>
            <button type="button" disabled={!isRunning} onClick={() => shown?.cancel()}>
              Cancel
            </button>
            <span class="quiet">Ctrl or ⌘ with Enter runs it; Esc, then Tab leaves the editor</span>
          </div>
          <Field label="Arguments, as JSON">
            {(ids) => (
              <textarea
                {...ids}
                class="args"
                rows={2}
                spellcheck={false}
                placeholder='{"name": "Bob"}'
                value={desk.args.value}
                onInput={({ currentTarget }) => {
                  desk.args.value = currentTarget.value;
                }}
              />
            )}
          </Field>
        </form>
        <div>
          <section aria-label="Output" class="outcome">
            {shown ? (
              <RunOutcome key={shown.startedAt} run={shown} />
            ) : (
              <p class="quiet">Nothing has run yet. Press Run: the example counts how often you did.</p>
            )}
          </section>
          <Earlier peer={peer} />
        </div>
      </div>
    </div>
  );
}

function Examples({ peer: { desk } }: PlayViewProps) {
  const [chosen, choose] = useState("");
  return (
    <SelectField
      label="Start from an example"
      value={chosen}
      options={[{ value: "", title: "choose…" }, ...EXAMPLES.map(({ title }) => ({ value: title, title }))]}
      onChange={(title) => {
        choose(title);
        const example = EXAMPLES.find((one) => one.title === title);
        if (!example) return;
        desk.script.value = example.script;
        desk.args.value = example.args ?? "";
      }}
    />
  );
}
