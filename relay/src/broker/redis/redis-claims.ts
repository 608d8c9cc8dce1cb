import type { PublicKey } from "@circles/sdk/protocol";
import type { Event, Outcome, TaskKey, TaskLane } from "../../task.ts";
import { taskKey } from "../../task.ts";
import type { Claim, ClaimedTask, TakeOptions } from "../broker.ts";
import { waitUntil } from "../wait.ts";
import { CLAIM, EMIT, FINISH, RELEASE, SET_ASIDE } from "./lua-work.ts";
import { makeGatheringScript, makeScript, type RedisCalls } from "./redis-calls.ts";
import type { RedisTaskId } from "./redis-keys.ts";
import { readTask } from "./task-fields.ts";

type Taker = {
  readonly options: TakeOptions;
  /** Takers that ask for the same are served by one question. */
  readonly asks: string;
  readonly give: (claim: Claim) => void;
  readonly reject: (error: unknown) => void;
};

/** `at`: when it was last confirmed, in ms of this machine's clock. */
type Lease = { readonly lease: number; readonly at: number };

/** A claim that is under way here. */
type Held = {
  readonly claim: Claim;
  /** Its line's name, and its fence as Redis wrote it. */
  readonly named: readonly [line: string, fence: string];
  readonly ids: Map<TaskKey, RedisTaskId>;
  readonly cancels: Map<RedisTaskId, { aborted: boolean }>;
  readonly lost: AbortController;
};

type FoundClaim = [line: string, fence: string, lease: string, tasks: [id: string, fields: string[]][]];

export type RedisClaimsParts = {
  readonly calls: RedisCalls;
  /** The name under which this process has circles now; `undefined` while it may have none. */
  readonly worker: () => string | undefined;
  readonly onError: (error: unknown) => void;
};

/** Script and argument texts of one claim, in UTF-16 units. */
const MOST_CLAIMED_CHARACTERS = 4 * 2 ** 20;
/** More than the circles that a worker keeps open. */
const MOST_LEASES = 8_192;
/** Redis forgets who has a circle some time after its last claim: after this time nobody here relies on it. */
const LEASE_KEPT_MS = 20 * 60_000;
const MOST_ASIDE = { ofCircle: 1_000, ofCaller: 20 };

const claimScript = makeScript(CLAIM);
const finishScript = makeGatheringScript(FINISH);
const releaseScript = makeScript(RELEASE);
const emitScript = makeScript(EMIT);
const setAsideScript = makeScript(SET_ASIDE);
export const CLAIM_SCRIPTS = [claimScript, finishScript, releaseScript, emitScript, setAsideScript];

/** The worker's half of a broker on Redis: takes tasks under a lease, and ends them. */
export class RedisClaims {
  readonly #parts: RedisClaimsParts;
  readonly #takers = new Set<Taker>();
  readonly #held = new Map<string, Held>();
  /** Under which this process has circles. Least recently claimed first. */
  readonly #leases = new Map<PublicKey, Lease>();
  #isAsking = false;
  #askAgain = false;

  constructor(parts: RedisClaimsParts) {
    this.#parts = parts;
  }

  get isWanted(): boolean {
    return this.#takers.size > 0 || this.#held.size > 0;
  }

  /** Circles whose tasks somebody waits for; none of them stands for all. `undefined` if nobody waits. */
  get wantedCircles(): ReadonlySet<PublicKey> | undefined {
    if (this.#takers.size === 0) return undefined;
    const wanted = new Set<PublicKey>();
    for (const { options } of this.#takers) {
      if (!options.circles) return new Set();
      for (const circle of options.circles) wanted.add(circle);
    }
    return wanted;
  }

  take(options: TakeOptions, signal: AbortSignal): Promise<Claim> {
    const asks = `${options.mostTasks} ${options.circles ? Array.from(options.circles).toSorted().join(" ") : ""}`;
    const wait = waitUntil<Claim>(signal, () => this.#takers.delete(taker));
    const taker: Taker = { options, asks, give: wait.resolve, reject: wait.reject };
    this.#takers.add(taker);
    this.ask();
    return wait.promise;
  }

  /** Asks for work, if anybody waits for some. To be called when there may be some. */
  ask(): void {
    this.#askAgain = true;
    if (!this.#isAsking) void this.#askAll();
  }

  leaseOf(circle: PublicKey): number | undefined {
    const known = this.#leases.get(circle);
    if (!known || performance.now() - known.at > LEASE_KEPT_MS) return undefined;
    return known.lease;
  }

  raised(circle: PublicKey, lease: number): void {
    this.#remember(circle, lease);
  }

  cancel(id: string): void {
    for (const { cancels } of this.#held.values()) {
      const cancelled = cancels.get(id as RedisTaskId);
      if (cancelled) cancelled.aborted = true;
    }
  }

  emit(claim: Claim, key: TaskKey, event: Event): void {
    const held = this.#held.get(nameOf(claim));
    const id = held?.ids.get(key);
    if (!held || !id) return;
    const emitted = this.#parts.calls.call(emitScript, ...held.named, id, event.seq, JSON.stringify(event));
    emitted.catch((error: unknown) => this.#parts.onError(error));
  }

  async finish(claim: Claim, key: TaskKey, outcome: Outcome): Promise<boolean> {
    const held = this.#held.get(nameOf(claim));
    const id = held?.ids.get(key);
    if (!held || !id) return false;
    this.#leave(held, key);
    const isRemembered = outcome.log ? "1" : "0";
    const named = [...held.named, id] as const;
    const { timing = null, ...remembered } = outcome;
    const texts = [JSON.stringify(remembered), isRemembered, outcome.status, JSON.stringify(timing)] as const;
    const [became] = await this.#parts.calls.call(finishScript, ...named, ...texts);
    const lease = this.leaseOf(claim.circle);
    if (became === "done" && lease === claim.lease) this.#remember(claim.circle, lease);
    return became === "done";
  }

  async setAside(claim: Claim, key: TaskKey, event: Event): Promise<boolean> {
    const held = this.#held.get(nameOf(claim));
    const id = held?.ids.get(key);
    if (!held || !id) return false;
    const { seq, ...unnumbered } = event;
    const named = [...held.named, id, seq, JSON.stringify(unnumbered)] as const;
    const [became] = await this.#parts.calls.call(setAsideScript, ...named, MOST_ASIDE.ofCircle, MOST_ASIDE.ofCaller);
    if (became === "done") this.#leave(held, key);
    return became === "done";
  }

  async release(claim: Claim): Promise<void> {
    const held = this.#held.get(nameOf(claim));
    if (!held) return;
    this.#held.delete(nameOf(claim));
    await this.#parts.calls.call(releaseScript, ...held.named);
  }

  /** All claims are lost: others may have their circles. */
  lose(): void {
    for (const { lost } of this.#held.values()) lost.abort(new Error("broker: the lease is lost"));
    this.#held.clear();
    this.#leases.clear();
    this.ask();
  }

  close(error: unknown): void {
    for (const taker of this.#takers) taker.reject(error);
  }

  #leave(held: Held, key: TaskKey): void {
    const id = held.ids.get(key);
    held.ids.delete(key);
    if (id) held.cancels.delete(id);
    if (held.ids.size === 0) this.#held.delete(nameOf(held.claim));
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    while (this.#askAgain) {
      this.#askAgain = false;
      const kinds = new Set(Array.from(this.#takers, ({ asks }) => asks));
      for (const asks of kinds) {
        try {
          await this.#askFor(asks);
        } catch (error) {
          this.#parts.onError(error);
        }
      }
    }
    this.#isAsking = false;
  }

  async #askFor(asks: string): Promise<void> {
    const alike = () => Array.from(this.#takers).filter((taker) => taker.asks === asks);
    const [first, ...others] = alike();
    const worker = this.#parts.worker();
    if (!first || worker === undefined) return;
    const { mostTasks, circles = [] } = first.options;
    const limits = [others.length + 1, mostTasks, MOST_CLAIMED_CHARACTERS] as const;
    const [kind, found] = await this.#parts.calls.call(claimScript, worker, ...limits, ...circles);
    if (kind !== "claimed") return;
    for (const one of found as FoundClaim[]) {
      const held = await this.#hold(one);
      if (!held) continue;
      const taker = this.#parts.worker() === worker ? alike()[0] : undefined;
      if (taker) taker.give(held.claim);
      else await this.release(held.claim);
    }
  }

  /** `undefined` if none of its tasks can be read; those are ended here. */
  async #hold([line, fence, lease, found]: FoundClaim): Promise<Held | undefined> {
    const [circle, lane] = line.split("/") as [PublicKey, TaskLane?];
    const lost = new AbortController();
    const [ids, cancels] = [new Map<TaskKey, RedisTaskId>(), new Map<RedisTaskId, { aborted: boolean }>()];
    const unreadable: [RedisTaskId, unknown][] = [];
    const tasks = found.flatMap(([id, fields]): ClaimedTask[] => {
      const redisId = id as RedisTaskId;
      try {
        const { task, isCancelled, said, attempts } = readTask(redisId, fields, { circle, lane });
        const key = taskKey(task);
        const cancelled = { aborted: isCancelled };
        ids.set(key, redisId);
        cancels.set(redisId, cancelled);
        return [{ key, task, cancelled, said, attempts }];
      } catch (error) {
        unreadable.push([redisId, error]);
        return [];
      }
    });
    for (const [id, error] of unreadable) await this.#refuse([line, fence], id, error).catch(this.#parts.onError);
    if (tasks.length === 0) return undefined;
    this.#remember(circle, Number(lease));
    const claim: Claim = { circle, lane, fence: Number(fence), lease: Number(lease), tasks, lost: lost.signal };
    const held: Held = { claim, named: [line, fence], ids, cancels, lost };
    this.#held.set(nameOf(claim), held);
    return held;
  }

  /** The next claim of a circle that is forgotten here brings its lease again. */
  #remember(circle: PublicKey, lease: number): void {
    this.#leases.delete(circle);
    this.#leases.set(circle, { lease, at: performance.now() });
    if (this.#leases.size <= MOST_LEASES) return;
    const held = new Set(Array.from(this.#held.values(), ({ claim }) => claim.circle));
    for (const other of this.#leases.keys()) {
      if (this.#leases.size <= MOST_LEASES) return;
      if (!held.has(other) && other !== circle) this.#leases.delete(other);
    }
  }

  /** Ends what is no task, as whoever put it there may read. */
  async #refuse(named: readonly [string, string], id: RedisTaskId, error: unknown): Promise<void> {
    this.#parts.onError(error);
    const message = error instanceof Error ? error.message : String(error);
    const outcome: Outcome = { status: "error", failure: { code: -32602, message } };
    await this.#parts.calls.call(finishScript, ...named, id, JSON.stringify(outcome), "0", outcome.status, "null");
  }
}

function nameOf({ circle, lane, fence }: Claim): string {
  return `${circle}/${lane ?? ""}/${fence}`;
}
