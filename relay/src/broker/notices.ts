import type { PublicKey } from "@circles/sdk/protocol";
import type { Notice } from "./broker.ts";
import { GAP } from "./topic-notices.ts";

type Listener = (notice: Notice) => void;

/** Who listens to which circle now. */
export class Notices {
  readonly #listeners = new Map<PublicKey, Set<{ readonly hear: Listener }>>();

  notify(circle: PublicKey, notice: Notice): void {
    for (const { hear } of this.#listeners.get(circle) ?? []) {
      try {
        hear(notice);
      } catch {
        // a listener that fails is its own business, and nobody else's
      }
    }
  }

  /** Some may have been lost on the way here. */
  tellOfGap(): void {
    for (const circle of this.#listeners.keys()) this.notify(circle, GAP);
  }

  listen(circle: PublicKey, hear: Listener, signal: AbortSignal): void {
    if (signal.aborted) return;
    const listeners = this.#listeners.get(circle) ?? new Set();
    const listener = { hear };
    this.#listeners.set(circle, listeners.add(listener));
    const leave = () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(circle) === listeners) this.#listeners.delete(circle);
    };
    signal.addEventListener("abort", leave, { once: true });
  }
}
