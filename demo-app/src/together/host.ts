import type { Circle } from "@circles/sdk";
import * as guestbook from "./guestbook.ts";
import * as whiteboard from "./whiteboard.ts";

/** Publishes both apps beside what the circle publishes already, and lets anyone use them. */
export async function host(own: Circle): Promise<void> {
  const published = (await own.library.get()) ?? "";
  const missing = [guestbook.LIBRARY, whiteboard.LIBRARY].filter((library) => !published.includes(library));
  if (missing.length > 0) await own.library.set(published + missing.join(""));
  await guestbook.open(own);
  await whiteboard.open(own);
}
