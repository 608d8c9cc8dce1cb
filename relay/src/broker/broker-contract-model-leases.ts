import type { PublicKey } from "@circles/sdk/protocol";

/**
 * Under which lease a worker has which circle, counting those of each circle from 1. A worker that wants tasks says every
 * while that it is alive; one that does not, or stands still, loses its circles when the time of a lease is over.
 */
export class ModelLeases {
  readonly #leaseMs: number;
  readonly #circles = new Map<PublicKey, { worker: number; lease: number }>();
  /** One that lost its leases is another one. */
  #worker = 0;
  /** Since it said that it is alive; `undefined` if it never did, or not since. */
  #silentMs: number | undefined;

  constructor(leaseMs = Number.POSITIVE_INFINITY) {
    this.#leaseMs = leaseMs;
  }

  /** Somebody wants tasks: a worker that has no leases says that it is alive. */
  wanted(): void {
    this.#silentMs ??= 0;
  }

  claimed(circle: PublicKey): void {
    const known = this.#circles.get(circle);
    if (known?.worker === this.#worker) return;
    this.#circles.set(circle, { worker: this.#worker, lease: (known?.lease ?? 0) + 1 });
  }

  of(circle: PublicKey): number {
    return this.#circles.get(circle)?.lease ?? 0;
  }

  endsWithin(ms: number): boolean {
    return this.#silentMs !== undefined && this.#silentMs + ms >= this.#leaseMs;
  }

  pass(ms: number, { isWanted }: { readonly isWanted: boolean }): void {
    if (this.endsWithin(ms)) this.end();
    else if (this.#silentMs !== undefined) this.#silentMs = isWanted ? 0 : this.#silentMs + ms;
  }

  /** It ends, or loses all. */
  end(): void {
    this.#worker += 1;
    this.#silentMs = undefined;
  }
}
