import { Worker } from "node:worker_threads";
import { type Remote, wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { KeptScripts } from "./kept-scripts.ts";
import { siblingModule } from "./sibling-module-node.ts";
import type { Stripped, TypeStripper } from "./type-stripper.ts";
import type { StripperThread } from "./type-stripper-thread.ts";

/** Time for one script. The longest that a play can send, all of it types, takes a quarter of this. */
const MOST_STRIP_MS = 2_000;
/** The compiler holds some 80 MB: a relay that sees no TypeScript for this long gives them back. */
const IDLE_MS = 60_000;

/** Strips in a thread of its own, started when first needed: strangers' texts do not meet a parser on this one. */
export class ThreadTypeStripper implements TypeStripper {
  #thread: { worker: Worker; remote: Remote<StripperThread> } | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #kept = new KeptScripts();

  /** One script after the other, so that each has the whole of its time. */
  strip(script: string): Promise<Stripped | undefined> {
    const result = this.#last.then(() => this.#strip(script));
    this.#last = result;
    return result;
  }

  known(script: string): string | undefined {
    return this.#kept.get(script);
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#thread?.worker.terminate();
    this.#thread = undefined;
  }

  async #strip(script: string): Promise<Stripped | undefined> {
    clearTimeout(this.#idle);
    this.#thread ??= startThread();
    const { worker, remote } = this.#thread;
    let timer: NodeJS.Timeout | undefined;
    const ended = new Promise<undefined>((resolve) => {
      worker.once("error", () => resolve(undefined));
      worker.once("exit", () => resolve(undefined));
    });
    try {
      await Promise.race([remote.strip(""), ended]); // loading the compiler, once, is not the script's time
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), MOST_STRIP_MS);
      });
      const stripped = await Promise.race([remote.strip(script), ended, late]);
      if (!stripped) await this.close();
      if (stripped?.kind === "stripped" && stripped.script !== script) this.#kept.set(script, stripped.script);
      return stripped;
    } catch {
      // The parser gave up on it, for example on nesting deeper than its stack: whatever it is, it stays as it is.
      return { kind: "stripped", script };
    } finally {
      clearTimeout(timer);
      worker.removeAllListeners("exit").removeAllListeners("error");
      worker.on("error", () => {}); // a thread that fails while nobody asks is started anew by who asks next
      this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    }
  }
}

function startThread() {
  const worker = new Worker(siblingModule("type-stripper-thread", import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  worker.unref();
  return { worker, remote: wrap<StripperThread>(nodeEndpoint(worker)) };
}
