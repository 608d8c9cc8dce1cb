import type { Circle } from "@circles/sdk";
import * as guestbook from "./guestbook.ts";
import { putPart } from "./library-part.ts";
import * as whiteboard from "./whiteboard.ts";

/** Publishes both apps beside what the circle publishes already, and lets anyone use them. */
export async function host(own: Circle): Promise<void> {
  const published = (await own.library.get()) ?? "";
  const parts = { guestbook: guestbook.LIBRARY, whiteboard: whiteboard.LIBRARY };
  const whole = Object.entries(parts).reduce((library, [name, part]) => putPart(library, name, part), published);
  if (whole !== published) await own.library.set(whole);
  await guestbook.open(own);
  await whiteboard.open(own);
}
