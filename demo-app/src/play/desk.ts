import { signal } from "@preact/signals";
import type { Peer } from "../peers/peer.ts";
import { parseTarget } from "../peers/target.ts";
import { EXAMPLES } from "./examples.ts";
import { Run } from "./run.ts";

const MOST_RUNS = 20;

/** What one peer is writing and has run; it stays while other views are looked at. */
export class Desk {
  readonly script = signal(EXAMPLES[0]?.script ?? "");
  readonly args = signal("");
  /** Newest first. */
  readonly runs = signal<readonly Run[]>([]);

  /** Starts what is written here. */
  run(peer: Peer): void {
    const target = peer.target.value;
    const run = Run.start({
      script: this.script.value,
      args: this.args.value,
      target,
      url: () => parseTarget(target, peer),
      dial: (url) => peer.circle(url),
      onEnd: (url) => {
        if (url === peer.ownUrl) peer.changed();
      },
    });
    this.runs.value = [run, ...this.runs.value].slice(0, MOST_RUNS);
  }

  /** Puts an earlier run's script, arguments and circle back, and runs them. */
  again(peer: Peer, { parts }: Run): void {
    this.bringBack(peer, parts);
    this.run(peer);
  }

  bringBack(peer: Peer, { script, args, target }: Run["parts"]): void {
    this.script.value = script;
    this.args.value = args;
    peer.target.value = target;
  }
}
