import { useRef, useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { TextForm } from "../parts/text-form.tsx";
import { useAttempt } from "../parts/use-attempt.ts";
import { Avatar } from "./avatar.tsx";
import { Backup, Restore } from "./backup.tsx";
import { choose, createIdentity, forget, identities } from "./identities.ts";
import type { Peer } from "./peer.ts";
import { QrCode } from "./qr-code.tsx";
import { shortKey } from "./short-key.ts";
import { visitLink } from "./visit.ts";

/** Who the page is, and everything about identities, in a dialog. */
export function IdentityMenu({ peer }: { readonly peer: Peer }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const { error, attempt } = useAttempt();
  const open = () => {
    setOpen(true);
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" class="identity" aria-haspopup="dialog" onClick={open}>
        <Avatar publicKey={peer.publicKey} size={28} /> <span>{peer.name}</span>{" "}
        <code class="quiet">{shortKey(peer.publicKey)}</code>
      </button>
      <dialog ref={dialog} aria-labelledby="identities-title" onClose={() => setOpen(false)}>
        <h2 id="identities-title">Identities</h2>
        <ul class="rows">
          {identities.value.map(({ publicKey, name }) => (
            <li key={publicKey}>
              <Avatar publicKey={publicKey} />
              <span class="grow">
                {name} <code class="quiet">{shortKey(publicKey)}</code>
              </span>
              {publicKey === peer.publicKey ? (
                <span class="quiet">you, now</span>
              ) : (
                <button type="button" class="small" onClick={() => void attempt(() => choose(publicKey))}>
                  Be this one
                </button>
              )}
            </li>
          ))}
        </ul>
        <TextForm
          label="Name of a new identity"
          action="Make"
          onGiven={(name) => attempt(() => createIdentity(name))}
        />
        {isOpen && (
          <>
            <MyCircle key={`circle-${peer.publicKey}`} peer={peer} />
            <Backup key={`backup-${peer.publicKey}`} peer={peer} attempt={attempt} />
            <Restore attempt={attempt} />
          </>
        )}
        {error !== undefined && <Failure error={error} />}
        <div class="actions">
          <ForgetButton
            key={`forget-${peer.publicKey}`}
            name={peer.name}
            onForget={() => void attempt(() => forget(peer.publicKey))}
          />
          <button type="button" class="primary" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </dialog>
    </>
  );
}

/** How others find the way. */
function MyCircle({ peer }: { readonly peer: Peer }) {
  const link = visitLink(peer.ownUrl);
  const [isCopied, setCopied] = useState(false);
  const { error, attempt } = useAttempt();
  return (
    <section class="my-circle" aria-label={`The way to the circle of ${peer.name}`}>
      <QrCode text={link} />
      <div>
        <h3>My circle</h3>
        <p class="quiet">Whoever opens this link visits it, as far as you allow.</p>
        <p>
          <code class="wrap">{link}</code>
        </p>
        <p class="quiet">
          For programs: <code class="wrap">{peer.ownUrl}</code>
        </p>
        <button
          type="button"
          class="small"
          onClick={() => void attempt(() => navigator.clipboard.writeText(link)).then(setCopied)}
        >
          {isCopied ? "Copied" : "Copy the link"}
        </button>
        {error !== undefined && <Failure error={error} />}
      </div>
    </section>
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
