import { useRef, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Avatar } from "./avatar.tsx";
import { backUp, choose, createIdentity, forget, identities, restore } from "./identities.ts";
import type { Peer } from "./peer.ts";
import { shortKey } from "./short-key.ts";

/** Who the page is, and everything about identities, in a dialog. */
export function IdentityMenu({ peer }: { readonly peer: Peer }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [backup, setBackup] = useState("");
  const doing = async (what: () => Promise<unknown>) => {
    setError(undefined);
    try {
      await what();
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <>
      <button type="button" class="identity" onClick={() => dialog.current?.showModal()}>
        <Avatar publicKey={peer.publicKey} /> {peer.name} <code>{shortKey(peer.publicKey)}</code>
      </button>
      <dialog ref={dialog} aria-labelledby="identities-title">
        <h2 id="identities-title">Identities</h2>
        <ul class="rows">
          {identities.value.map(({ publicKey, name }) => (
            <li key={publicKey}>
              <Avatar publicKey={publicKey} />
              <span class="grow">
                {name} <code>{shortKey(publicKey)}</code>
              </span>
              {publicKey === peer.publicKey ? (
                <span class="quiet">you, now</span>
              ) : (
                <button type="button" onClick={() => void doing(() => choose(publicKey))}>
                  Be this one
                </button>
              )}
            </li>
          ))}
        </ul>
        <p>
          Link to my circle: <code class="wrap">{peer.ownUrl}</code>{" "}
          <button type="button" onClick={() => void doing(() => navigator.clipboard.writeText(peer.ownUrl))}>
            Copy
          </button>
        </p>
        <NamedForm
          label="Name of a new identity"
          action="Make"
          onGiven={(name) => void doing(() => createIdentity(name))}
        />
        <NamedForm
          label={`Passphrase for a backup of ${peer.name}`}
          action="Back up"
          isSecret
          onGiven={(passphrase) => void doing(async () => setBackup(await backUp(peer.publicKey, passphrase)))}
        />
        {backup !== "" && <textarea readOnly rows={3} aria-label="Backup: keep this text" value={backup} />}
        <RestoreForm onGiven={(text, passphrase) => void doing(() => restore(text, passphrase, "Restored"))} />
        {error !== undefined && <Failure error={error} />}
        <div class="actions">
          <ForgetButton name={peer.name} onForget={() => void doing(() => forget(peer.publicKey))} />
          <button type="button" class="primary" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </dialog>
    </>
  );
}

type NamedFormProps = {
  readonly label: string;
  readonly action: string;
  readonly isSecret?: boolean;
  readonly onGiven: (text: string) => void;
};

function NamedForm({ label, action, isSecret = false, onGiven }: NamedFormProps) {
  const [text, setText] = useState("");
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (text !== "") onGiven(text);
        setText("");
      }}
    >
      <label>
        {label}
        <input
          type={isSecret ? "password" : "text"}
          autocomplete={isSecret ? "new-password" : "off"}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <button type="submit">{action}</button>
    </form>
  );
}

function RestoreForm({ onGiven }: { readonly onGiven: (text: string, passphrase: string) => void }) {
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
      <NamedForm label="Its passphrase" action="Restore" isSecret onGiven={(passphrase) => onGiven(text, passphrase)} />
    </details>
  );
}

/** Asks twice: without a backup nobody can be this identity again. */
function ForgetButton({ name, onForget }: { readonly name: string; readonly onForget: () => void }) {
  const [isSure, setSure] = useState(false);
  return (
    <button
      type="button"
      onBlur={() => setSure(false)}
      onClick={() => {
        if (isSure) onForget();
        setSure(!isSure);
      }}
    >
      {isSure ? `Really forget ${name}? Without a backup it is gone` : `Forget ${name}`}
    </button>
  );
}
