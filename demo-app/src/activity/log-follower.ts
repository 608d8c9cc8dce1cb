import type { LogHead } from "@circles/sdk";
import { type CheckedRecord, checkLog } from "@circles/sdk/log";
import { signal } from "@preact/signals";
import type { Loaded } from "../parts/use-loaded.ts";
import type { Peer } from "../peers/peer.ts";
import { type ChainCheck, checkChain } from "./chain.ts";
import { keptHeads } from "./kept-heads.ts";

/** A stretch of a log, its newest record last. */
export type ShownLog = {
  readonly records: readonly CheckedRecord[];
  readonly hasEarlier: boolean;
  readonly chain: ChainCheck | undefined;
};

/** How many records are read at a time. */
const PAGE = 500;
/** Beyond, the oldest go as new ones come: they can be read again. */
const MOST_RECORDS = 5_000;
/** Records that come meanwhile are drawn together. */
const DRAW_MS = 50;
const AGAIN_MS = 3_000;

/** Follows the log of a peer's own circle: its newest records, those that are written meanwhile and, when asked, those before. */
export class LogFollower {
  readonly log = signal<Loaded<ShownLog>>({ is: "loading" });
  readonly #peer: Peer;
  readonly #stop = new AbortController();
  /** Grows by one for each that comes: what is drawn is a copy. */
  readonly #records: CheckedRecord[] = [];
  #most = MOST_RECORDS;
  /** The number of the first record that there is, once that is known. */
  #start = 1;
  /** A record that this browser knows, and that was not there when it began. */
  #lost: number | undefined;
  #drawing: ReturnType<typeof setTimeout> | undefined;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#drawing);
  }

  /** Until it is stopped, whatever becomes of the connection. */
  async follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#follow().catch((error: unknown) => {
        if (!signal.aborted) this.#show({ is: "failed", error });
      });
      if (!signal.aborted) await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }

  /** Reads what is before the first record that is shown. */
  async readEarlier(): Promise<void> {
    const [first] = this.#records;
    if (!first) return;
    const { seq, prev } = first.record;
    const earlier: CheckedRecord[] = [];
    for await (const one of this.#read(Math.max(0, seq - 1 - PAGE))) {
      if (one.record.seq >= seq) break;
      earlier.push(one);
    }
    if (this.#records[0] !== first) return; // it has gone meanwhile, as the oldest do
    const last = earlier.at(-1);
    if (!last) this.#start = seq;
    const isJoined = !last || last.hash === prev;
    const joined = isJoined ? first : { ...first, fault: `record ${seq} does not follow the one before` };
    this.#records.splice(0, 1, ...earlier, joined);
    this.#most += earlier.length;
    this.#draw();
  }

  async #follow(): Promise<void> {
    const last = this.#records.at(-1);
    if (last) {
      await this.#peer.own();
      this.#draw(); // it goes on
    }
    const records = last
      ? this.#read(last.record.seq, { seq: last.record.seq, hash: last.hash })
      : this.#read(Math.max(0, (await this.#newest()) - PAGE));
    for await (const one of records) {
      this.#records.push(one);
      if (this.#records.length > this.#most) this.#records.shift();
      this.#drawing ??= setTimeout(() => this.#draw(), DRAW_MS);
    }
  }

  /** The number of the newest record: it comes with an answer. */
  async #newest(): Promise<number> {
    const known = keptHeads(this.#peer.ownUrl);
    const { log } = await (await this.#peer.own()).play("null", null).played;
    this.#lost = known.find(({ seq }) => seq > log.seq)?.seq;
    return log.seq;
  }

  async *#read(after: number, head?: LogHead): AsyncGenerator<CheckedRecord, void, undefined> {
    const own = await this.#peer.own();
    const lines = own.log.lines({ after, signal: this.#stop.signal });
    yield* checkLog(lines, { circle: own.publicKey, after: head });
  }

  #draw(): void {
    const records = [...this.#records];
    const hasEarlier = (records[0]?.record.seq ?? 0) > this.#start;
    const chain = checkChain(records, { heads: keptHeads(this.#peer.ownUrl), lost: this.#lost });
    this.#show({ is: "there", value: { records, hasEarlier, chain } });
  }

  /** In the place of what was still to be drawn. */
  #show(log: Loaded<ShownLog>): void {
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    this.log.value = log;
  }
}
