import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { canonicalPublicKey } from "@circles/sdk/keys";
import type { PublicKey } from "@circles/sdk/protocol";
import type { AddressLimits } from "./address-limits.ts";
import type { Addresses, Refusal } from "./addresses.ts";
import type { ClientAddresses } from "./client-address.ts";

export type HandshakeParts = {
  readonly addresses: Addresses;
  readonly clients: ClientAddresses;
  readonly limits: AddressLimits;
  /** Circles that can be dialled; `undefined` for all. */
  readonly circles: ReadonlySet<PublicKey> | undefined;
};

/** What a request asked for that may become a connection. */
export type Dialled = {
  readonly circle: PublicKey;
  /** The name of this relay that was dialled. */
  readonly host: string;
  /** Of the client, as far as it is known. */
  readonly address: string;
  /** As in `ClientAddress`. */
  readonly isVeiled: boolean;
  /** To be called when it is over, whether it became a connection or not. */
  readonly leave: () => void;
};

/** Looks at a request before it becomes a connection. */
export function checkRequest(request: IncomingMessage, parts: HandshakeParts): Dialled | Refusal {
  const { addresses, clients, limits } = parts;
  const host = addresses.host(request);
  if (typeof host !== "string") return host;
  const origin = addresses.checkOrigin(request);
  if (origin) return origin;
  const circle = circleOf(request, parts);
  if (typeof circle !== "string") return circle;
  const { address, isVeiled } = clients.of(request);
  const leave = limits.enter(address);
  if (leave) return { circle, host, address, isVeiled, leave };
  return { status: 429, because: "address_limit", message: "address: expected fewer connections at a time from there" };
}

function circleOf({ url = "/" }: IncomingMessage, { circles }: HandshakeParts): PublicKey | Refusal {
  const [path = ""] = url.slice(1).split("?");
  try {
    const circle = canonicalPublicKey(path);
    if (!circles || circles.has(circle)) return circle;
    return { status: 404, because: "circle", message: "circle: not served here" };
  } catch {
    return { status: 400, because: "path", message: "path: expected /{circle public key}" };
  }
}

/** Answers with a status and a sentence, and ends. */
export function refuse(socket: Duplex, { status, message }: Refusal): void {
  const body = `${JSON.stringify({ error: message })}\n`;
  socket.on("error", () => {}); // the other side is gone: nobody is left to tell
  socket.once("finish", () => socket.destroy()); // the other side need not close its half
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
