import { signal } from "@preact/signals";
import type { Peer } from "../peers/peer.ts";
import { EXAMPLES } from "./examples.ts";
import { Run } from "./run.ts";

const MOST_RUNS = 20;

/** What one peer is writing and has run; it stays while other views are looked at. */
export class Desk {
  readonly target = signal<string>("");
  readonly script = signal(EXAMPLES[0]?.script ?? "");
  readonly args = signal("");
  /** Newest first. */
  readonly runs = signal<readonly Run[]>([]);

  run(peer: Peer): void {
    const [script, args, url] = [this.script.value, this.args.value, this.target.value || peer.ownUrl];
    const run = Run.start({ script, args, dial: () => peer.circle(url) });
    this.runs.value = [run, ...this.runs.value].slice(0, MOST_RUNS);
    const stop = run.end.subscribe((end) => {
      if (end) peer.changed();
    });
    peer.onClose(stop);
  }
}
