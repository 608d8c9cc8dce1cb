import { Failure } from "../parts/failure.tsx";
import { oneLine } from "../parts/quoted.ts";
import { TextForm } from "../parts/text-form.tsx";
import { textOf } from "../parts/text-of.ts";
import { useAttempt } from "../parts/use-attempt.ts";
import { Avatar } from "../peers/avatar.tsx";
import type { Peer } from "../peers/peer.ts";
import { shortKey } from "../peers/short-key.ts";
import { follow, sign } from "./guestbook.ts";
import { NotOpen } from "./not-open.tsx";
import { useFollowed } from "./use-followed.ts";

export type AppProps = { readonly peer: Peer; readonly opened: number };

/** The guestbook of the circle to which the peer turned. */
export function GuestbookView({ peer, opened }: AppProps) {
  const { items, error: notOpen, lookAgain } = useFollowed(peer, follow, opened);
  const { error, attempt } = useAttempt();
  return (
    <>
      <TextForm
        label="Write something"
        action="Sign"
        isPrimary
        maxLength={200}
        onGiven={(text) => attempt(async () => sign(await peer.turnedTo(), peer.name, text))}
      />
      {error !== undefined && <Failure error={error} />}
      <NotOpen error={notOpen} isOwn={peer.target.value === ""} onLook={lookAgain} />
      <ul class="rows" aria-label="Entries" aria-live="polite">
        {items.map(({ name, text, key }, i) => (
          <li key={i}>
            <Avatar publicKey={textOf(key)} size={24} />
            <span class="grow wrap">
              <strong>{oneLine(textOf(name))}</strong> {oneLine(textOf(text))}
            </span>
            <code class="quiet">{shortKey(textOf(key))}</code>
          </li>
        ))}
      </ul>
    </>
  );
}
