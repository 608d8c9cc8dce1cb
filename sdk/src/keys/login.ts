import type { Nonce } from "../protocol/ids.ts";
import { MAX_CLOCK_OFFSET_S, NONCE_LIFETIME_S } from "../protocol/limits.ts";
import { parseLoginNonce } from "../protocol/login-nonce.ts";
import type { Dialled } from "./signer.ts";

/** The nonce is not one that an honest relay at the dialled address gives for this circle: signing it could serve another. */
export class NonceRefused extends Error {
  override name = "NonceRefused";
}

/**
 * Holds a nonce against what was dialled, so that a relay cannot use a login for itself elsewhere (rule N4 of SPEC.md).
 * Returns how far the relay's clock is ahead of this one, in seconds.
 * @throws {NonceRefused} and, on a text that is no nonce at all, {TypeError}
 */
export function checkNonce(nonce: Nonce, { circle, host, now = Math.floor(Date.now() / 1000) }: Dialled): number {
  const says = parseLoginNonce(nonce);
  if (says.circle !== circle) throw new NonceRefused("nonce: expected the dialled circle, got another");
  if (says.host !== host) throw new NonceRefused(`nonce: expected the dialled host ${host}, got ${says.host}`);
  const offset = says.expiresAt - NONCE_LIFETIME_S - now;
  if (Math.abs(offset) > MAX_CLOCK_OFFSET_S) {
    const direction = offset > 0 ? "ahead of" : "behind";
    throw new NonceRefused(
      `nonce: expected a relay whose clock is within ${MAX_CLOCK_OFFSET_S} s of this one, got one ${Math.abs(offset)} s ` +
        `${direction} it; set the clock of the machine that is wrong`,
    );
  }
  return offset;
}
