import type { Event } from "../task.ts";
import type { Limits, RunOptions, SandboxPlay, ScriptResult, Sequence, Write } from "./sandbox.ts";
import type { ThreadSequence } from "./thread-protocol.ts";
import type { TypeStripper } from "./type-stripper.ts";

const MOST_LOSSES = 2;

type QueuedPlay = Omit<SandboxPlay, "authority"> &
  RunOptions & {
    authority: string;
    readonly resolve: (result: ScriptResult) => void;
    readonly reject: (error: unknown) => void;
    /** The number under which a thread has it. */
    number: number;
    /** The script's types were taken out already. */
    stripped: boolean;
    /** It ended otherwise than in a thread; this result waits for those before it. */
    ended?: ScriptResult;
  };

/** Threads' numbers for plays. Never 0, which stands for none. */
let lastNumber = 0;
function nextNumber(): number {
  lastNumber = lastNumber >= 0x7fff_ffff ? 1 : lastNumber + 1;
  return lastNumber;
}

/** A sequence on its way through threads: however often it is dispatched, each play gets one result, in order. */
export class QueuedSequence<Source> {
  readonly results: Promise<ScriptResult>[];
  readonly #circle: string;
  readonly #snapshot: Source;
  readonly #signal: Sequence<Source>["signal"];
  readonly #answer: Sequence<Source>["answer"];
  /** Those without a result, the next first. */
  readonly #plays: QueuedPlay[] = [];
  /** Each path once, with its last change. */
  readonly #written = new Map<string, Write>();
  #losses = 0;

  /** Scripts that `stripper` knows go without their types at once. */
  constructor({ circle, snapshot, plays, signal, answer }: Sequence<Source>, stripper?: TypeStripper) {
    this.#signal = signal;
    this.#answer = answer;
    this.#circle = circle;
    this.#snapshot = snapshot;
    this.results = plays.map((play) => {
      const result = new Promise<ScriptResult>((resolve, reject) => {
        const known = stripper?.known(play.script);
        const script = known ?? play.script;
        this.#plays.push({ ...play, script, resolve, reject, number: 0, stripped: known !== undefined });
      });
      result.catch(() => {}); // whoever waits for them in order need not come to this one when another rejects
      return result;
    });
  }

  get ended(): boolean {
    return this.#plays.length === 0;
  }

  /** The play whose result comes next. */
  get next(): { readonly script: string; readonly stripped: boolean } | undefined {
    return this.#plays[0];
  }

  /** Puts the script without its types in the place of the next play's. */
  replaceScript(script: string): void {
    const [play] = this.#plays;
    if (play) this.#plays[0] = { ...play, script, stripped: true };
  }

  /** What to send to a thread. Plays that were cancelled or are late meanwhile have their result instead. */
  dispatch(): ThreadSequence<Source> {
    const now = Date.now();
    for (const play of this.#plays) {
      if (this.#isAborted(play)) play.ended ??= CANCELLED;
      if (play.deadline !== undefined && play.deadline <= now) play.ended ??= LATE;
    }
    this.#settleKnown();
    const knownAt = this.#plays.findIndex(({ ended }) => ended);
    for (const play of this.#plays) play.number = 0; // a late report of an earlier thread is to match none
    const plays = (knownAt < 0 ? this.#plays : this.#plays.slice(0, knownAt)).map((play) => {
      play.number = nextNumber();
      const { number, script, args, caller, authority, lane, limits = {}, deadline = Number.POSITIVE_INFINITY } = play;
      return { number, script, args, caller, authority, lane, limits, deadline };
    });
    return { circle: this.#circle, snapshot: this.#snapshot, written: Array.from(this.#written.values()), plays };
  }

  /** Is the play with this number one of these? */
  has(number: number): boolean {
    return number !== 0 && this.#plays.some((play) => play.number === number);
  }

  /** Gives plays of this circle another authority. Answers it for those that a thread may have already. */
  reauthorize(circle: string, authorityOf: (play: SandboxPlay) => string): { number: number; authority: string }[] {
    if (circle !== this.#circle) return [];
    return this.#plays.flatMap((play) => {
      const authority = authorityOf(play);
      if (authority === play.authority) return [];
      play.authority = authority;
      return play.number === 0 ? [] : [{ number: play.number, authority }];
    });
  }

  async answer(question: unknown): Promise<unknown> {
    if (!this.#answer) throw new Error("nobody answers questions of these plays");
    return this.#answer(question);
  }

  isCancelled(number: number): boolean {
    const play = this.#plays.find((candidate) => candidate.number === number);
    return play !== undefined && this.#isAborted(play);
  }

  /** The number to tell a thread that runs the play `running`: of that play if it was cancelled, else of the first that was. */
  cancelled(running: number): number | undefined {
    return this.isCancelled(running) ? running : this.#plays.find((play) => this.#isAborted(play))?.number;
  }

  #isAborted({ signal }: QueuedPlay): boolean {
    return (this.#signal?.aborted || signal?.aborted) ?? false;
  }

  limitsOf(number: number): Partial<Limits> {
    const play = this.#plays.find((candidate) => candidate.number === number);
    return play?.limits ?? {};
  }

  emit(number: number, event: Event): void {
    this.#plays.find((play) => play.number === number)?.onEvent?.(event);
  }

  /** Ends the next play. */
  settle(result: ScriptResult): void {
    for (const write of result.writes) this.#written.set(write.path, write);
    this.#plays.shift()?.resolve(result);
    this.#settleKnown();
  }

  /** Ends the play with this number, once those before it have a result. */
  endAt(number: number, result: ScriptResult): void {
    const play = this.#plays.find((candidate) => candidate.number === number);
    if (play) play.ended = result;
    this.#settleKnown();
  }

  /** What has an end already ends now that it is next. */
  #settleKnown(): void {
    const known = this.#plays[0]?.ended;
    if (known) this.settle(known);
  }

  /** A thread that had it ended for no known cause: that is tried again, but not for ever. */
  lose(error: unknown): void {
    this.#losses += 1;
    if (this.#losses > MOST_LOSSES) this.reject(error);
  }

  reject(error: unknown): void {
    for (const { reject } of this.#plays.splice(0)) reject(error);
  }
}

const CANCELLED: ScriptResult = { end: { kind: "cancelled" }, writes: [], cpuMs: 0, killed: false, used: [] };
const LATE: ScriptResult = { end: { kind: "late" }, writes: [], cpuMs: 0, killed: false, used: [] };
