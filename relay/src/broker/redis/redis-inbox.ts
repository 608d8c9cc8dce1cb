import { setTimeout as wait } from "node:timers/promises";
import type { Connect, Link } from "./redis-calls.ts";

const BLOCK_S = 1;
const MOST_SILENCE_MS = 4_000;
const MOST_MESSAGES = 512;

export type RedisInboxOptions = {
  readonly connect: Connect;
  readonly key: string;
  readonly onMessage: (message: string) => void;
  /** Messages may have been lost: what was popped from a list can go with its connection. */
  readonly onGap: () => void;
  readonly onError: (error: unknown) => void;
};

/** Reads one list for as long as it is open, by blocking pops on a connection of its own. */
export class RedisInbox {
  readonly #options: RedisInboxOptions;
  #link: Link | undefined;
  #isClosed = false;

  constructor(options: RedisInboxOptions) {
    this.#options = options;
    void this.#read();
  }

  close(): void {
    this.#isClosed = true;
    this.#link?.destroy();
  }

  async #read(): Promise<void> {
    const { connect, onMessage, onGap, onError } = this.#options;
    for (let tries = 0; !this.#isClosed; tries++) {
      try {
        const link = await connect();
        this.#link = link;
        if (this.#isClosed) return link.destroy();
        onGap();
        for (;;) {
          const messages = await this.#pop(link);
          tries = 0;
          for (const message of messages) onMessage(message);
        }
      } catch (error) {
        this.#link?.destroy();
        if (this.#isClosed) return;
        if (tries === 0) onError(error);
        await wait(Math.min(1_000, 20 * 2 ** tries) * (0.5 + Math.random()), undefined, { ref: false });
      }
    }
  }

  async #pop(link: Link): Promise<string[]> {
    const { key } = this.#options;
    const command = ["BLMPOP", String(BLOCK_S), "1", key, "LEFT", "COUNT", String(MOST_MESSAGES)];
    const silence = setTimeout(() => link.destroy(), MOST_SILENCE_MS).unref();
    try {
      const popped = (await link.send(command, key)) as [string, string[]] | null;
      return popped?.[1] ?? [];
    } finally {
      clearTimeout(silence);
    }
  }
}
