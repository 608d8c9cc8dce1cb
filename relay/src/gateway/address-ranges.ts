import { BlockList, isIP } from "node:net";

/** Addresses that begin alike: `10.0.0.0/8`. A single address is a range of its own. */
export type AddressRange = { readonly address: string; readonly prefixBits: number };

/** @throws {TypeError} with what was expected. */
export function parseAddressRange(text: string): AddressRange {
  const [, address = "", bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const most = isIP(address) === 4 ? 32 : 128;
  const prefixBits = bits === undefined ? most : Number(bits);
  if (isIP(address) !== 0 && prefixBits <= most) return { address, prefixBits };
  throw new TypeError(
    `expected an address such as 10.0.0.7 or a range such as 10.0.0.0/8, got ${JSON.stringify(text)}`,
  );
}

export class AddressRanges {
  readonly #list = new BlockList();

  constructor(ranges: readonly AddressRange[]) {
    for (const { address, prefixBits } of ranges) this.#list.addSubnet(address, prefixBits, familyOf(address));
  }

  /** `address` in the form that `plainAddress` gives; other text is in no range. */
  includes(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, familyOf(address));
  }
}

export const LOOPBACK: readonly AddressRange[] = Object.freeze([
  { address: "127.0.0.0", prefixBits: 8 },
  { address: "::1", prefixBits: 128 },
]);

/** An IPv4 address that arrived at an IPv6 socket (RFC 4291 §2.5.5.2), as what it is. */
export function plainAddress(address: string): string {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
  const bytes = Buffer.from(high.padStart(4, "0") + low.padStart(4, "0"), "hex");
  return bytes.join(".");
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
