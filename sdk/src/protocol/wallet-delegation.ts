import { checkDelegated, type Delegated } from "./delegation.ts";
import { describe } from "./ids.ts";
import { checkWhole } from "./whole-numbers.ts";

/** The last second of the year 9999: later ones have no four digits. */
const LAST_SECOND = 253_402_300_799;

/**
 * The text that a wallet shows and signs in place of `delegationText` (rule W1 of SPEC.md). `address` is the root's, as
 * `ethereumAddress` writes it. @throws {TypeError} or {RangeError} on a bad field.
 */
export function walletDelegationText(fields: Delegated, address: string): string {
  const { device, circles, notBefore, expiresAt } = checkDelegated(fields);
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) {
    throw new TypeError(`address: expected 0x and 40 hex characters, got ${describe(address)}`);
  }
  return `Circles: let a device act as me

If you sign this, whoever holds the device key below can log in to the circles below and do there whatever you can, \
as you and without asking you again, until the time below. Sign it only on a page that you trust with that.

Account: ${address}
Device key: ${device}
Circles: ${circles === "*" ? "every circle" : circles.join(", ")}
From: ${timeText(notBefore)}
Until: ${timeText(expiresAt)}
Form: circles-wallet-delegation/1
`;
}

/** RFC 3339, in UTC, to the second. */
function timeText(seconds: number): string {
  checkWhole("delegation time", seconds, 0, LAST_SECOND);
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
