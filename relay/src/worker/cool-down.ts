import type { PublicKey } from "@circles/sdk/protocol";

const COOL_DOWN_MS = 60_000;

/** Callers whose script had to be killed from outside. A kill costs a thread: nobody gets to cause them in a row. */
export class CoolDown {
  /** Oldest first. */
  readonly #until = new Map<PublicKey, number>();

  start(caller: PublicKey): void {
    const now = Date.now();
    this.#until.delete(caller);
    this.#until.set(caller, now + COOL_DOWN_MS);
    for (const [oldest, until] of this.#until) {
      if (until > now) return;
      this.#until.delete(oldest);
    }
  }

  /** Milliseconds until the caller may play again; 0 if now. */
  left(caller: PublicKey): number {
    return Math.max(0, (this.#until.get(caller) ?? 0) - Date.now());
  }
}
