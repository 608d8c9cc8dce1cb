import type { Circle, Play, PlayOutput } from "@circles/sdk";
import { signal } from "@preact/signals";
import { parseArgs } from "./args.ts";

/** How a run ended. */
export type RunEnd =
  | { readonly is: "result"; readonly value: unknown }
  | { readonly is: "failure"; readonly error: unknown }
  | { readonly is: "cancelled" };

export type RunParts = {
  readonly script: string;
  /** JSON text; empty for none. */
  readonly args: string;
  readonly dial: () => Promise<Circle>;
};

/** More lines than a person reads are not kept. */
const MOST_LINES = 1_000;
const CANCELLED = -32006;

/** One play from the press of a button to its end, as a view shows it. */
export class Run {
  readonly parts: RunParts;
  /** Unix milliseconds; of one desk no two are the same. */
  readonly startedAt = Date.now();
  readonly lines = signal<readonly string[]>([]);
  readonly progress = signal<{ readonly fraction: number; readonly note?: string } | undefined>(undefined);
  /** What the circle's owner is asked for. */
  readonly waitsFor = signal<string | undefined>(undefined);
  readonly end = signal<RunEnd | undefined>(undefined);
  /** Milliseconds from the press to the end. */
  readonly tookMs = signal<number | undefined>(undefined);
  #play: Play<unknown> | undefined;

  private constructor(parts: RunParts) {
    this.parts = parts;
  }

  static start(parts: RunParts): Run {
    const run = new Run(parts);
    void run.#run();
    return run;
  }

  /** The end tells whether it was in time. */
  cancel(): void {
    this.#play?.cancel().catch(() => {}); // the play's own failure says what there is to say
  }

  async #run(): Promise<void> {
    const began = performance.now();
    try {
      const args = parseArgs(this.parts.args);
      const circle = await this.parts.dial();
      this.#play = circle.play(this.parts.script, args);
      for await (const output of this.#play) this.#hear(output);
      this.end.value = { is: "result", value: await this.#play };
    } catch (error) {
      const isCancelled = error instanceof Error && "code" in error && error.code === CANCELLED;
      this.end.value = isCancelled ? { is: "cancelled" } : { is: "failure", error };
    }
    this.waitsFor.value = undefined;
    this.tookMs.value = performance.now() - began;
  }

  #hear(output: PlayOutput): void {
    if (output.kind === "progress") this.progress.value = output.data;
    else if (output.kind === "waiting") this.waitsFor.value = output.data.capability;
    else if (this.lines.value.length < MOST_LINES) this.lines.value = [...this.lines.value, output.data];
  }
}
