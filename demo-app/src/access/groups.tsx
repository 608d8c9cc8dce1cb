import type { PolicyDocument } from "@circles/sdk";
import { useState } from "preact/hooks";
import { Field } from "../parts/field.tsx";
import { quoted } from "../parts/quoted.ts";
import { TextForm } from "../parts/text-form.tsx";
import { ownWording } from "./own-wording.ts";
import { who } from "./sentence.ts";

type GroupsProps = {
  readonly policy: PolicyDocument;
  /** Without peers the group goes. Resolves with whether it was done. */
  readonly onSet: (name: string, peers: readonly string[] | undefined) => Promise<boolean>;
};

/** Peers to whom grants are given together. */
export function Groups({ policy: { groups = {}, grants }, onSet }: GroupsProps) {
  const [changing, setChanging] = useState<string | undefined>(undefined);
  return (
    <section aria-label="Groups">
      <h3>Groups</h3>
      <ul class="rows">
        {Object.entries(groups).map(([name, peers]) => (
          <li key={name}>
            <span class="grow wrap">
              {quoted(name)}:{" "}
              {peers.length === 0 ? "nobody" : peers.map((key) => who(key, ownWording().names)).join(", ")}
            </span>
            <button
              type="button"
              class="small"
              aria-label={`Change the group ${quoted(name)}`}
              aria-expanded={changing === name}
              onClick={() => setChanging(changing === name ? undefined : name)}
            >
              Change
            </button>
            <button
              type="button"
              class="small"
              aria-label={`Remove the group ${quoted(name)}`}
              disabled={grants.some(({ to }) => to === name)}
              title="Once no grant is to it"
              onClick={() => void onSet(name, undefined)}
            >
              Remove
            </button>
            {changing === name && (
              <Members
                name={name}
                peers={peers}
                onSet={(next) =>
                  void onSet(name, next).then((isDone) => {
                    if (isDone) setChanging(undefined);
                  })
                }
              />
            )}
          </li>
        ))}
      </ul>
      <TextForm
        label="New group"
        action="Make"
        placeholder="friends"
        onGiven={async (name) => {
          const isDone = Object.hasOwn(groups, name) || (await onSet(name, []));
          if (isDone) setChanging(name);
          return isDone;
        }}
      />
    </section>
  );
}

type MembersProps = {
  readonly name: string;
  readonly peers: readonly string[];
  readonly onSet: (peers: readonly string[]) => void;
};

function Members({ name, peers, onSet }: MembersProps) {
  const [text, setText] = useState(peers.join("\n"));
  return (
    <form
      class="card"
      aria-label={`Members of ${quoted(name)}`}
      onSubmit={(event) => {
        event.preventDefault();
        onSet(text.split(/[\s,]+/).filter((key) => key !== ""));
      }}
    >
      <Field label="Public keys, one on a line">
        {(ids) => (
          <textarea
            {...ids}
            rows={4}
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        )}
      </Field>
      <div class="actions">
        <button type="submit" class="primary">
          Save
        </button>
      </div>
    </form>
  );
}
