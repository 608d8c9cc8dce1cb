import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { circleKeys, dialCircles } from "../plays.ts";

type Wanted = { readonly url: string; readonly count: number };

/** A process with connections of peers that are logged in, each to a circle of its own, and do nothing. */
export class IdleClients {
  readonly #child: ChildProcess = fork(fileURLToPath(import.meta.url), ["--clients"]);

  /** Resolves when so many more are logged in. */
  async connect(wanted: Wanted): Promise<void> {
    const listening = new AbortController();
    const { signal } = listening;
    this.#child.send(wanted);
    const [answer] = await Promise.race([
      once(this.#child, "message", { signal }),
      once(this.#child, "exit", { signal }),
    ]);
    listening.abort();
    if (answer !== "connected") throw new Error(`idle clients: expected them to be connected, got ${String(answer)}`);
  }

  stop(): void {
    this.#child.kill();
  }
}

if (process.argv[2] === "--clients") {
  let connected = 0;
  process.on("message", ({ url, count }: Wanted) => {
    void dialCircles(url, circleKeys(count, { first: connected })).then(() => {
      connected += count;
      process.send?.("connected");
    });
  });
}
