import { canonicalPublicKey } from "../keys/public-key.ts";
import type { Address } from "./session.ts";
import { openWebSocket } from "./websocket.ts";

/** Where a circle is dialled: `ws://host:port/{public key}`. @throws {TypeError} on another form. */
export function parseAddress(url: string): Address {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !["ws:", "wss:"].includes(parsed.protocol)) {
    throw new TypeError("url: expected ws://host:port/{circle public key}, got another form");
  }
  const circle = canonicalPublicKey(parsed.pathname.slice(1));
  const href = `${parsed.protocol}//${parsed.host}/${circle}`;
  return { circle, host: parsed.host, dial: (signal) => openWebSocket(href, signal) };
}
