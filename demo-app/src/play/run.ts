import { type Circle, ErrorCode, type Play, type Played, type PlayOutput, WireError } from "@circles/sdk";
import { signal } from "@preact/signals";
import { keepHead } from "../activity/kept-heads.ts";
import { quoted } from "../parts/quoted.ts";
import { textOf } from "../parts/text-of.ts";
import { parseArgs } from "./args.ts";
import { type Spent, spentOf } from "./spent.ts";

/** How a run ended. */
export type RunEnd =
  | { readonly is: "result"; readonly value: unknown }
  | { readonly is: "failure"; readonly error: unknown }
  | { readonly is: "cancelled" };

export type RunParts = {
  readonly script: string;
  /** JSON text; empty for none. */
  readonly args: string;
  /** As it was named: empty for one's own circle. */
  readonly target: string;
  /** The circle's. @throws {TypeError} if none was named. */
  readonly url: () => string;
  readonly dial: (url: string) => Promise<Circle>;
  /** Called when it has ended, wherever it was sent. */
  readonly onEnd?: (url: string) => void;
};

/** More lines than a person reads are not kept. */
const MOST_LINES = 1_000;
/** Of one line. */
const MOST_CHARACTERS = 10_000;

/** One play from the press of a button to its end, as a view shows it. */
export class Run {
  readonly parts: RunParts;
  /** Unix milliseconds. */
  readonly startedAt = Date.now();
  readonly lines = signal<readonly string[]>([]);
  /** How many lines came that are not kept. */
  readonly dropped = signal(0);
  readonly progress = signal<{ readonly fraction: number; readonly note?: string } | undefined>(undefined);
  /** What the circle's owner is asked for. */
  readonly waitsFor = signal<string | undefined>(undefined);
  readonly end = signal<RunEnd | undefined>(undefined);
  /** From sending it to its end. */
  readonly spent = signal<Spent | undefined>(undefined);
  #play: Play<unknown> | undefined;
  #fresh: string[] = [];
  #isCancelled = false;

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
    this.#isCancelled = true;
    if (this.#play)
      this.#play.cancel().catch(() => {}); // the play's own failure says what there is to say
    else this.end.value ??= { is: "cancelled" }; // it is not sent any more
  }

  async #run(): Promise<void> {
    const { parts } = this;
    let began = performance.now();
    let played: Played<unknown> | undefined;
    try {
      const args = parseArgs(parts.args);
      const url = parts.url();
      const circle = await parts.dial(url);
      if (this.#isCancelled) return;
      began = performance.now();
      this.#play = circle.play(parts.script, args);
      for await (const output of this.#play) this.#hear(output);
      played = await this.#play.played;
      this.end.value = { is: "result", value: played.value };
      keepHead(url, played.log);
    } catch (error) {
      const isCancelled = error instanceof WireError && error.code === ErrorCode.Cancelled;
      this.end.value ??= isCancelled ? { is: "cancelled" } : { is: "failure", error };
    }
    this.#show();
    this.waitsFor.value = undefined;
    this.spent.value = spentOf(performance.now() - began, played);
    if (this.#play) parts.onEnd?.(parts.url());
  }

  #hear(output: PlayOutput): void {
    // A relay that is visited may send anything.
    this.waitsFor.value = output.kind === "waiting" ? quoted(textOf(output.data?.capability)) : undefined;
    if (output.kind === "print") this.#print(textOf(output.data).slice(0, MOST_CHARACTERS));
    else if (output.kind === "progress" && Number.isFinite(output.data?.fraction)) {
      const { fraction, note } = output.data;
      this.progress.value = { fraction, ...(note === undefined ? {} : { note: textOf(note) }) };
    }
  }

  /** Thousands of lines at once are drawn once a frame: a stranger's script must not make the page slow. */
  #print(line: string): void {
    if (this.#fresh.length === 0) requestAnimationFrame(() => this.#show());
    if (this.#fresh.length < MOST_LINES) this.#fresh.push(line);
    else this.dropped.value += 1;
  }

  #show(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    this.#fresh = [];
    const room = MOST_LINES - this.lines.value.length;
    if (room > 0) this.lines.value = [...this.lines.value, ...fresh.slice(0, room)];
    this.dropped.value += Math.max(0, fresh.length - Math.max(0, room));
  }
}
