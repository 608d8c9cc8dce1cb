import type { InboxEntry } from "@circles/sdk";
import { signal } from "@preact/signals";
import type { Peer } from "../peers/peer.ts";

const AGAIN_MS = 3_000;

/** The plays that wait for one peer, live. */
export class Asking {
  readonly entries = signal<readonly InboxEntry[]>([]);
  readonly error = signal<unknown>(undefined);
  readonly #peer: Peer;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** Follows the inbox as long as the peer is here, whatever becomes of its connections. */
  async follow(): Promise<void> {
    const { gone } = this.#peer;
    while (!gone.aborted) {
      await this.#watch().catch((error: unknown) => {
        if (!gone.aborted) this.error.value = error;
      });
      if (!gone.aborted) await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }

  /** Resolves or rejects when the peer's connection is closed for good. */
  async #watch(): Promise<void> {
    const circle = await this.#peer.own();
    const notices = circle.inbox.watch();
    circle.on("open", () => void this.refresh());
    await this.refresh();
    for await (const _ of notices) await this.refresh();
  }

  async refresh(): Promise<void> {
    if (this.#peer.gone.aborted) return;
    try {
      const circle = await this.#peer.own();
      const entries: InboxEntry[] = [];
      // Page by page: whoever asks with much text would else hide what others ask.
      for (let page = await circle.inbox.list(); page.length > 0; ) {
        entries.push(...page);
        page = await circle.inbox.list({ after: page.at(-1)?.id ?? "" });
      }
      this.entries.value = entries
        .filter(({ state }) => state === "waiting")
        .toSorted((a, b) => a.asked_at - b.asked_at);
      this.error.value = undefined;
    } catch (error) {
      if (!this.#peer.gone.aborted) this.error.value = error;
    }
  }

  allow(id: string, always: boolean): Promise<void> {
    return this.#answer(async () => (await this.#peer.own()).inbox.allow(id, { always }));
  }

  deny(id: string): Promise<void> {
    return this.#answer(async () => (await this.#peer.own()).inbox.deny(id));
  }

  async #answer(how: () => Promise<unknown>): Promise<void> {
    try {
      await how();
      this.#peer.changed();
      await this.refresh();
    } catch (error) {
      this.error.value = error;
    }
  }
}
