import type { PublicKey } from "@circles/sdk/protocol";
import { askThrough, type Channel } from "../channel.ts";
import { type Ask, load } from "../load.ts";
import { makePlays } from "../plays.ts";
import { type MeasuredRelay, startMeasuredRelay } from "../relay-process.ts";

/** Runs `use` with a relay for each of the folders. */
export async function withRelays<T>(
  dbPaths: readonly string[],
  { threads }: { threads: number },
  use: (relays: readonly MeasuredRelay[]) => Promise<T>,
): Promise<T> {
  const relays: MeasuredRelay[] = [];
  try {
    for (const dbPath of dbPaths) relays.push(await startMeasuredRelay(dbPath, ["--threads", String(threads)]));
    return await use(relays);
  } finally {
    await Promise.all(relays.map((relay) => relay.stop()));
  }
}

/** Circles, and to each of them a connection. */
export type Dialled = { readonly circles: readonly PublicKey[]; readonly channels: readonly Channel[] };

/** What prepares signed plays of one script, in the circles in turn. */
export function playsOf({ circles, channels }: Dialled, script: string): (count: number) => Ask {
  return (count) => askThrough(channels, makePlays(circles, { script, signed: true }, count).values());
}

/** Plays scripts in the circles in turn, so many at a time, until each has its answer. */
export async function playAll(
  { circles, channels }: Dialled,
  scripts: readonly string[],
  { inFlight }: { inFlight: number },
): Promise<void> {
  const plays = scripts.flatMap((script, i) => {
    const channel = i % circles.length;
    const circle = circles[channel];
    if (!circle) throw new Error("plays: expected at least one circle");
    return makePlays([circle], { script, signed: true }, 1).map(({ frame }) => ({ channel, frame }));
  });
  await load(askThrough(channels, plays.values()), { inFlight, seconds: Number.POSITIVE_INFINITY });
}
