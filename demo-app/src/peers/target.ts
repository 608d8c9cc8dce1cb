import { parsePublicKey } from "@circles/sdk/protocol";
import type { Peer } from "./peer.ts";
import { visitedCircle } from "./visit.ts";

const CIRCLE_URL = /^wss?:\/\/[^/?#\s@\\]+\/0[23][0-9a-f]{64}$/;

/**
 * The URL of the circle that somebody named: nothing for their own, a public key at their own relay, the circle's URL, or a
 * link to it. @throws {TypeError}
 */
export function parseTarget(text: string, { ownUrl, relay }: Pick<Peer, "ownUrl" | "relay">): string {
  const named = text.trim();
  if (named === "") return ownUrl;
  if (isPublicKey(named)) return `${relay}/${named}`;
  const url = visitedCircle(named) ?? named;
  if (CIRCLE_URL.test(url)) return url;
  throw new TypeError("circle: expected a public key of 66 hex digits, a link to a circle, or ws://host:port/key");
}

/** Has a text the form of a public key? */
export function isPublicKey(text: string): boolean {
  try {
    return parsePublicKey(text) === text;
  } catch {
    return false;
  }
}

/** The key in a circle's URL. */
export function keyIn(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}
