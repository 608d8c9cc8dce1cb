import type { PublicKey } from "@circles/sdk/protocol";
import { Namespace, type NamespaceOptions } from "./namespace.ts";

export type NamespacesOptions = Omit<NamespaceOptions, "circle" | "lease" | "isHeld" | "onRepaired" | "onError"> & {
  /**
   * The lease under which this process has a circle now; `undefined` where it has not. Default: 0, for nobody else could have
   * any. A circle that is open under another one is opened anew.
   */
  readonly leaseOf?: (circle: PublicKey) => number | undefined;
  /** Circles that stay open while nobody uses them, so that their next play need not read their log. Default 2,048. */
  readonly mostIdle?: number;
  readonly onRepaired?: (circle: PublicKey, paths: string[]) => void;
  /** Told of what nobody who uses a circle hears of. */
  readonly onError?: (error: unknown, circle: PublicKey) => void;
};

/** This process has not the circle: another worker may have it. */
export class NotHeld extends Error {
  override name = "NotHeld";
}

/** `open` is what `opening` came to. */
type Held = { readonly lease: number; readonly opening: Promise<Namespace>; open?: Namespace; users: number };

/** The circles that are open here: each at most once, opened when first used. */
export class Namespaces {
  readonly #options: NamespacesOptions & { mostIdle: number };
  /** Least recently used first. */
  readonly #held = new Map<PublicKey, Held>();
  /** A circle that is being closed is not opened again before it is closed. */
  readonly #closing = new Map<PublicKey, Promise<void>>();

  constructor(options: NamespacesOptions) {
    this.#options = { mostIdle: 2_048, ...options };
  }

  /**
   * Runs `use` with a circle's namespace, which stays open that long. One that failed is opened anew by the next use.
   * @throws {NotHeld}
   */
  async with<T>(circle: PublicKey, use: (namespace: Namespace) => Promise<T>): Promise<T> {
    const held = this.#hold(circle);
    try {
      held.open = await held.opening;
      return await use(held.open);
    } finally {
      held.users -= 1;
      if (held.users === 0) this.#settle(circle, held);
    }
  }

  /** To be called when nothing uses a namespace any more. */
  async close(): Promise<void> {
    for (const [circle, held] of this.#held) this.#drop(circle, held);
    await Promise.all(this.#closing.values());
  }

  #hold(circle: PublicKey): Held {
    const lease = this.#leaseOf(circle);
    if (lease === undefined) throw new NotHeld(`circle ${circle}: expected a lease on it, got none`);
    const known = this.#held.get(circle);
    // It may have failed while nobody used it: when a document could not be written.
    const isOver = known && (known.lease !== lease || (known.open?.failed && known.users === 0));
    if (known && isOver) this.#drop(circle, known);
    const held = this.#held.get(circle) ?? { lease, opening: this.#open(circle, lease), users: 0 };
    held.users += 1;
    this.#held.delete(circle);
    this.#held.set(circle, held);
    return held;
  }

  #leaseOf(circle: PublicKey): number | undefined {
    const { leaseOf } = this.#options;
    return leaseOf ? leaseOf(circle) : 0;
  }

  async #open(circle: PublicKey, lease: number): Promise<Namespace> {
    await this.#closing.get(circle);
    const { onRepaired, onError, leaseOf, ...options } = this.#options;
    return Namespace.open({
      ...options,
      circle,
      lease,
      ...(leaseOf ? { isHeld: () => leaseOf(circle) === lease } : {}),
      onRepaired: (paths) => onRepaired?.(circle, paths),
      onError: (error) => onError?.(error, circle),
    });
  }

  /** Only what is on disk stays open unused: nothing is gained by the rest, and strangers could fill the places with it. */
  #settle(circle: PublicKey, held: Held): void {
    if (!held.open?.exists || held.open.failed) this.#drop(circle, held);
    for (const [other, candidate] of this.#held) {
      if (this.#held.size <= this.#options.mostIdle) return;
      if (candidate.users === 0) this.#drop(other, candidate);
    }
  }

  #drop(circle: PublicKey, held: Held): void {
    if (this.#held.get(circle) !== held) return;
    this.#held.delete(circle);
    const closed = held.opening
      .then((namespace) => namespace.close().catch((error: unknown) => this.#options.onError?.(error, circle)))
      .catch(() => {}) // it could not be opened: whoever wanted it was told
      .then(() => {
        if (this.#closing.get(circle) === closed) this.#closing.delete(circle);
      });
    this.#closing.set(circle, closed);
  }
}
