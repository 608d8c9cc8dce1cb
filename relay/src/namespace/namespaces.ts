import type { PublicKey } from "@circles/sdk/protocol";
import { Namespace } from "./namespace.ts";

export type NamespacesOptions = {
  /** The folder of all circles; it exists. */
  readonly dbPath: string;
  /** Circles that stay open while nobody uses them, so that their next play need not read their log. Default 2,048. */
  readonly mostIdle?: number;
  readonly onRepaired?: (circle: PublicKey, names: string[]) => void;
};

type Held = { readonly namespace: Promise<Namespace>; users: number };

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

  /** Runs `use` with a circle's namespace, which stays open that long. One that failed is opened anew by the next use. */
  async with<T>(circle: PublicKey, use: (namespace: Namespace) => Promise<T>): Promise<T> {
    const held = this.#hold(circle);
    try {
      return await use(await held.namespace);
    } finally {
      held.users -= 1;
      await this.#settle(circle, held);
    }
  }

  /** To be called when nothing uses a namespace any more. */
  async close(): Promise<void> {
    for (const [circle, held] of this.#held) this.#drop(circle, held);
    await Promise.all(this.#closing.values());
  }

  #hold(circle: PublicKey): Held {
    const { dbPath, onRepaired } = this.#options;
    const held = this.#held.get(circle) ?? {
      namespace: (this.#closing.get(circle) ?? Promise.resolve()).then(() =>
        Namespace.open({ dbPath, circle, onRepaired: (names) => onRepaired?.(circle, names) }),
      ),
      users: 0,
    };
    held.users += 1;
    this.#held.delete(circle);
    this.#held.set(circle, held);
    return held;
  }

  async #settle(circle: PublicKey, held: Held): Promise<void> {
    if (held.users > 0) return;
    const usable = await held.namespace.then(
      ({ failed }) => !failed,
      () => false,
    );
    if (held.users > 0) return;
    if (!usable) this.#drop(circle, held);
    for (const [other, candidate] of this.#held) {
      if (this.#held.size <= this.#options.mostIdle) return;
      if (candidate.users === 0) this.#drop(other, candidate);
    }
  }

  #drop(circle: PublicKey, held: Held): void {
    if (this.#held.get(circle) !== held) return;
    this.#held.delete(circle);
    const closed = held.namespace
      .then((namespace) => namespace.close())
      .catch(() => {}) // it failed: whoever used it was told
      .then(() => {
        if (this.#closing.get(circle) === closed) this.#closing.delete(circle);
      });
    this.#closing.set(circle, closed);
  }
}
