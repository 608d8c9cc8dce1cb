import { useState } from "preact/hooks";
import { TextForm } from "../parts/text-form.tsx";
import type { Attempts } from "../parts/use-attempt.ts";
import { backUp, restore } from "./identities.ts";
import type { Peer } from "./peer.ts";

type BackupProps = { readonly peer: Peer; readonly attempt: Attempts["attempt"] };

/** A text that holds the key, and that its passphrase opens. */
export function Backup({ peer, attempt }: BackupProps) {
  const [text, setText] = useState("");
  return (
    <details>
      <summary>Back up {peer.name}</summary>
      <p class="quiet">The key is in this browser only. Keep the text and the passphrase, in two places.</p>
      <TextForm
        label={`Passphrase for a backup of ${peer.name}`}
        action="Back up"
        isSecret
        onGiven={(passphrase) => attempt(async () => setText(await backUp(peer.publicKey, passphrase)))}
      />
      {text !== "" && <textarea readOnly rows={3} aria-label="Backup: keep this text" value={text} />}
    </details>
  );
}

export function Restore({ attempt }: Pick<BackupProps, "attempt">) {
  const [text, setText] = useState("");
  return (
    <details>
      <summary>Restore from a backup</summary>
      <label>
        The backup's text
        <textarea
          rows={3}
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <TextForm
        label="Its passphrase"
        action="Restore"
        isSecret
        onGiven={(passphrase) => attempt(() => restore(text.trim(), passphrase, "Restored"))}
      />
    </details>
  );
}
