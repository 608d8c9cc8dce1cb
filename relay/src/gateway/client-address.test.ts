import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { parseAddressRange } from "./address-ranges.ts";
import { ClientAddresses } from "./client-address.ts";

/** A request that came from `peer`, with this header. */
function request(peer: string | undefined, forwarded?: string): Pick<IncomingMessage, "headers" | "socket"> {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return { headers, socket: { remoteAddress: peer } as IncomingMessage["socket"] };
}

describe("a client's address", () => {
  const behind = new ClientAddresses(["127.0.0.1", "10.0.0.0/8", "fd00::/8"].map(parseAddressRange));

  it.each([
    ["of who connects", "192.0.2.1", undefined, "192.0.2.1"],
    ["of who connects, whatever it says", "192.0.2.1", "198.51.100.1", "192.0.2.1"],
    ["of who connects to an IPv6 socket", "::ffff:192.0.2.1", undefined, "192.0.2.1"],
    ["given by a trusted proxy", "127.0.0.1", "192.0.2.1", "192.0.2.1"],
    ["given by a trusted proxy at an IPv6 socket", "::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"],
    ["the last that is not trusted", "127.0.0.1", "203.0.113.9, 192.0.2.1, 10.1.1.1", "192.0.2.1"],
    ["never what a client wrote before", "127.0.0.1", "10.0.0.1, 192.0.2.1", "192.0.2.1"],
    ["of a proxy that says nothing", "10.0.0.1", undefined, "10.0.0.1"],
    ["of a proxy that says what is no address", "10.0.0.1", "unknown", "10.0.0.1"],
    ["of IPv4 in hexadecimal", "::ffff:c000:201", undefined, "192.0.2.1"],
    ["with a port", "10.0.0.1", "192.0.2.1:4711", "192.0.2.1"],
    ["of IPv6", "fd00::1", "2001:db8::1", "2001:db8::1"],
    ["of IPv6 with a port", "fd00::1", "[2001:db8::1]:4711", "2001:db8::1"],
    ["of nobody knows whom", undefined, "192.0.2.1", ""],
  ])("[OP10] is that %s", (_, peer, forwarded, address) => {
    expect(behind.of(request(peer, forwarded)).address).toBe(address);
  });

  it("[OP10] is veiled where somebody passed it on who is not trusted", () => {
    expect(behind.of(request("192.0.2.1", "198.51.100.1"))).toMatchObject({ isVeiled: true });
    expect(behind.of(request("127.0.0.1", "198.51.100.1"))).toMatchObject({ isVeiled: false });
    expect(new ClientAddresses().of(request("127.0.0.1", "127.0.0.1"))).toMatchObject({ isVeiled: true });
    expect(new ClientAddresses().of(request("127.0.0.1"))).toMatchObject({ isVeiled: false });
    expect(behind.of(request("127.0.0.1", "198.51.100.1, unknown"))).toMatchObject({ isVeiled: true });
  });

  it.each(["10.0.0.0/33", "10.0.0", "::1/129", "10.0.0.0/", "example.org", ""])(
    "[OP10] %j is no address or range",
    (text) => expect(() => parseAddressRange(text)).toThrow(/expected an address such as 10\.0\.0\.7 or a range/),
  );
});
