import type { PublicKey } from "@circles/sdk/protocol";

const COOL_DOWN_MS = 60_000;

type Played = { readonly circle: PublicKey; readonly caller: PublicKey };

/**
 * Callers whose script had to be killed from outside. A kill costs a thread: nobody gets to cause them in a row. In another's
 * circle it may have been that circle's library, so a caller is refused there and nowhere else.
 */
export class CoolDown {
  /** Oldest first. */
  readonly #until = new Map<string, number>();

  start({ circle, caller }: Played): void {
    const now = Date.now();
    const key = circle === caller ? caller : `${circle}/${caller}`;
    this.#until.delete(key);
    this.#until.set(key, now + COOL_DOWN_MS);
    for (const [oldest, until] of this.#until) {
      if (until > now) return;
      this.#until.delete(oldest);
    }
  }

  /** Milliseconds until the caller may play again; 0 if now. */
  left({ circle, caller }: Played): number {
    const until = Math.max(this.#until.get(caller) ?? 0, this.#until.get(`${circle}/${caller}`) ?? 0);
    return Math.max(0, until - Date.now());
  }
}
