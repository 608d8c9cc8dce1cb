import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { type AddressRange, AddressRanges, plainAddress } from "./address-ranges.ts";

/** Where a request came from. */
export type ClientAddress = {
  /** Empty where the system did not say. */
  readonly address: string;
  /** Somebody passed the request on who is no trusted proxy: the address is that of whoever did. */
  readonly isVeiled: boolean;
};

/** What proxies add. */
const PASSED_ON = ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-host", "x-forwarded-proto"];

/**
 * Tells where requests come from. `X-Forwarded-For` is read from its end, where the nearest proxy writes, and only as far as
 * those are trusted who wrote it: what a client puts there itself stands further ahead and is never reached.
 */
export class ClientAddresses {
  readonly #trusted: AddressRanges;

  constructor(trustedProxies: readonly AddressRange[] = []) {
    this.#trusted = new AddressRanges(trustedProxies);
  }

  of({ headers, socket }: Pick<IncomingMessage, "headers" | "socket">): ClientAddress {
    let address = plainAddress(socket.remoteAddress ?? "");
    const header = headers["x-forwarded-for"];
    const hops = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",");
    if (!this.#trusted.includes(address)) {
      return { address, isVeiled: PASSED_ON.some((name) => headers[name] !== undefined) };
    }
    for (const hop of hops.toReversed()) {
      const passedOn = plainAddress(withoutPort(hop.trim()));
      if (isIP(passedOn) === 0) return { address, isVeiled: hop.trim() !== "" };
      address = passedOn;
      if (!this.#trusted.includes(address)) break;
    }
    return { address, isVeiled: false };
  }
}

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}
