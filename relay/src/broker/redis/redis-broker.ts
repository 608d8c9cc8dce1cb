import { randomUUID } from "node:crypto";
import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import { type Event, type Outcome, type Task, type TaskKey, taskKey, type WorkerTiming } from "../../task.ts";
import {
  type Broker,
  type BrokerLimits,
  type Claim,
  type FollowOptions,
  type Notice,
  type TakeOptions,
  UnknownTask,
} from "../broker.ts";
import { Notices } from "../notices.ts";
import { DEFAULT_LIMITS, sizeOf } from "../room.ts";
import { BEAT, LEAVE, RAISE, REAP, RECONCILE } from "./lua-care.ts";
import { CANCEL, FIND, LISTEN, LOAD, NOTIFY } from "./lua-submit.ts";
import { RESUME } from "./lua-work.ts";
import { type Connect, makeScript, RedisCalls } from "./redis-calls.ts";
import { CLAIM_SCRIPTS, RedisClaims } from "./redis-claims.ts";
import { FOLLOW_SCRIPTS, RedisFollows } from "./redis-follows.ts";
import { RedisInbox } from "./redis-inbox.ts";
import { bucketPrefix, redisTaskId, replyKey } from "./redis-keys.ts";
import { fieldsOf } from "./task-fields.ts";

export type RedisBrokerOptions = {
  readonly connect: Connect;
  /** Of a cluster; plain Redis has one, without a number. */
  readonly bucket?: number;
  readonly limits?: Partial<BrokerLimits>;
  /** How long a worker of which nothing is heard keeps its circles, in ms. Default 5,000. */
  readonly leaseMs?: number;
  /** Microseconds, for tests. Default: the clock of Redis. */
  readonly clock?: () => number;
  /** Told of connections that are lost, and of what is found in Redis that should not be there. */
  readonly onError?: (error: unknown) => void;
};

const LEASE_MS = 5_000;
/** Beats in the time of a lease. */
const BEATS = 5;
const REAPED_AT_ONCE = 50;
const MOST_SCANNED = 5_000;

const cancelScript = makeScript(CANCEL);
const findScript = makeScript(FIND);
const notifyScript = makeScript(NOTIFY);
const listenScript = makeScript(LISTEN);
const loadScript = makeScript(LOAD);
const resumeScript = makeScript(RESUME);
const beatScript = makeScript(BEAT);
const leaveScript = makeScript(LEAVE);
const raiseScript = makeScript(RAISE);
const reapScript = makeScript(REAP);
const reconcileScript = makeScript(RECONCILE);
const OWN_SCRIPTS = [cancelScript, findScript, notifyScript, listenScript, resumeScript, beatScript, leaveScript];
const CARE_SCRIPTS = [loadScript, raiseScript, reapScript, reconcileScript];
const SCRIPTS = [...FOLLOW_SCRIPTS, ...CLAIM_SCRIPTS, ...OWN_SCRIPTS, ...CARE_SCRIPTS];

/**
 * A broker whose tasks are in Redis, for gateways and workers of many machines (DESIGN §7). Redis may restart and lose what
 * it heard last: what it lost is submitted again, and the circle's log knows whether it happened.
 */
export class RedisBroker implements Broker {
  readonly #calls: RedisCalls;
  readonly #inbox: RedisInbox;
  readonly #follows: RedisFollows;
  readonly #claims: RedisClaims;
  readonly #notices = new Notices();
  readonly #listening = new Map<PublicKey, number>();
  readonly #onError: (error: unknown) => void;
  readonly #leaseMs: number;
  readonly #beat: NodeJS.Timeout;
  /** The list that this process reads, and its name among those that are alive. */
  readonly #name = randomUUID();
  /** Another one for each lease: who lost one is somebody else. */
  #worker: string | undefined;
  #leaseUntil = 0;
  /** The same by the wall clock, which goes on while a machine is suspended. */
  #leaseUntilDate = 0;
  #isBeating = false;
  /** Where to go on looking for queues that were filled by hand. */
  #cursor = "0";
  #isClosed = false;

  constructor({ connect, bucket, limits, leaseMs = LEASE_MS, clock, onError = () => {} }: RedisBrokerOptions) {
    const prefix = bucketPrefix(bucket);
    const tell = (error: unknown) => {
      if (!this.#isClosed) onError(error);
    };
    this.#onError = tell;
    this.#leaseMs = leaseMs;
    const calls = new RedisCalls({
      connect,
      prefix,
      scripts: SCRIPTS,
      clock,
      onRecovered: () => this.#onRecovered(),
      onError: tell,
    });
    this.#calls = calls;
    this.#follows = new RedisFollows({ calls, inbox: this.#name, limits: { ...DEFAULT_LIMITS, ...limits } });
    this.#claims = new RedisClaims({ calls, worker: () => this.#worker, onError: tell });
    this.#inbox = new RedisInbox({
      connect,
      key: replyKey(prefix, this.#name),
      onMessage: (message) => this.#hear(message),
      onGap: () => {
        this.#follows.look({ all: true });
        this.#claims.ask(); // a bell may have been lost
        this.#notices.tellOfGap();
      },
      onError: tell,
    });
    this.#beat = setInterval(() => void this.#tick(), leaseMs / BEATS).unref();
    void this.#tick();
  }

  async submit(task: Task, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    this.#checkOpen();
    return this.#follows.submit(task, options, signal);
  }

  async follow(key: TaskKey, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    this.#checkOpen();
    return this.#follows.follow(key, options, signal);
  }

  async take(options: TakeOptions, signal: AbortSignal): Promise<Claim> {
    this.#checkOpen();
    signal.throwIfAborted();
    const claim = this.#claims.take(options, signal);
    if (this.#worker === undefined) void this.#tick();
    return claim;
  }

  emit(claim: Claim, key: TaskKey, event: Event): void {
    this.#claims.emit(claim, key, event);
  }

  finish(claim: Claim, key: TaskKey, outcome: Outcome): Promise<boolean> {
    return this.#claims.finish(claim, key, outcome);
  }

  release(claim: Claim): Promise<void> {
    return this.#claims.release(claim);
  }

  setAside(claim: Claim, key: TaskKey, event: Event): Promise<boolean> {
    return this.#claims.setAside(claim, key, event);
  }

  async resume(task: Task): Promise<void> {
    this.#checkOpen();
    const { circle, lane = "", caller } = task;
    const id = redisTaskId(taskKey(task));
    const given = [id, circle, lane, caller, sizeOf(task), ...fieldsOf(task)];
    const [became] = await this.#calls.call(resumeScript, ...given);
    if (became === "unknown") await this.#follows.enqueue(task);
  }

  async cancel(key: TaskKey): Promise<void> {
    const [became] = await this.#calls.call(cancelScript, redisTaskId(key));
    if (became === "unknown") throw new UnknownTask("task: no such task");
  }

  async find(circle: PublicKey, id: TaskId): Promise<TaskKey | undefined> {
    const [kind, caller] = await this.#calls.call(findScript, circle, id);
    return kind === "found" ? taskKey({ circle, caller: caller as PublicKey, id }) : undefined;
  }

  notify(circle: PublicKey, notice: Notice): void {
    this.#calls.call(notifyScript, circle, JSON.stringify(notice)).catch(this.#onError);
  }

  listen(circle: PublicKey, onNotice: (notice: Notice) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#notices.listen(circle, onNotice, signal);
    this.#listens(circle, 1);
    signal.addEventListener("abort", () => this.#listens(circle, -1), { once: true });
  }

  get isReady(): boolean {
    return this.#calls.isUp;
  }

  async depth(): Promise<number> {
    const [, tasks] = await this.#calls.call(loadScript);
    return Number(tasks);
  }

  leaseOf(circle: PublicKey): number | undefined {
    return this.#isLeaseOver ? undefined : this.#claims.leaseOf(circle);
  }

  get #isLeaseOver(): boolean {
    return performance.now() > this.#leaseUntil || Date.now() > this.#leaseUntilDate;
  }

  async raise(circle: PublicKey, above: number): Promise<boolean> {
    if (this.#worker === undefined) return false;
    const [became, lease] = await this.#calls.call(raiseScript, this.#worker, circle, above);
    if (became !== "raised") return false;
    this.#claims.raised(circle, Number(lease));
    return true;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#beat);
    const error = new Error("broker: closed");
    this.#follows.abandon(error);
    this.#claims.close(error);
    if (this.#calls.isUp) {
      const leaving = [this.#worker, this.#name].flatMap((name) => name ?? []);
      await Promise.all(leaving.map((name) => this.#calls.call(leaveScript, name))).catch(this.#onError);
    }
    this.#calls.close();
    this.#inbox.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Error("broker: closed");
  }

  #hear(message: string): void {
    try {
      const [kind, ...rest] = JSON.parse(message) as [string, ...unknown[]];
      if (kind === "event") this.#follows.heard(...(rest as [string, number, Event]));
      else if (kind === "ended") this.#follows.ended(...(rest as [string, number, number, Outcome, WorkerTiming?]));
      else if (kind === "cancel") this.#claims.cancel(rest[0] as string);
      else if (kind === "notice") this.#notices.notify(rest[0] as PublicKey, rest[1] as Notice);
      else this.#claims.ask();
    } catch (error) {
      this.#onError(error);
    }
  }

  #listens(circle: PublicKey, sign: 1 | -1): void {
    const before = this.#listening.get(circle) ?? 0;
    const now = before + sign;
    if (now > 0) this.#listening.set(circle, now);
    else this.#listening.delete(circle);
    if (this.#isClosed || before > 0 === now > 0) return;
    this.#listen(circle, now > 0);
  }

  #listen(circle: PublicKey, isListening: boolean): void {
    this.#calls.call(listenScript, this.#name, circle, isListening ? "1" : "0").catch(this.#onError);
  }

  #listenAgain(): void {
    for (const circle of this.#listening.keys()) this.#listen(circle, true);
    this.#notices.tellOfGap();
  }

  /** Says that this process is alive, and looks after what others left behind. */
  async #tick(): Promise<void> {
    if (this.#worker !== undefined && this.#isLeaseOver) this.#loseLease();
    if (this.#isBeating || this.#isClosed) return;
    this.#isBeating = true;
    let hasAnswered = false;
    try {
      await this.#sayAlive();
      hasAnswered = true;
      this.#follows.look({ all: false });
      this.#claims.ask(); // a bell may have been lost
      await this.#reconcile();
      for (let found = 1; found > 0; ) {
        const [, reaped] = await this.#calls.call(reapScript, REAPED_AT_ONCE);
        found = Number(reaped);
      }
    } catch (error) {
      if (!this.#isClosed) this.#onError(error);
    } finally {
      this.#isBeating = false;
    }
    if (this.#worker === undefined && this.#claims.isWanted && hasAnswered && !this.#isClosed) void this.#tick();
  }

  async #sayAlive(): Promise<void> {
    const [known] = await this.#calls.call(beatScript, this.#name, this.#leaseMs, "1");
    if (known === "new") this.#listenAgain();
    if (!this.#claims.isWanted) return;
    const [isJoining, worker] =
      this.#worker === undefined ? ["1", `${this.#name}.${randomUUID()}`] : ["0", this.#worker];
    const [since, sinceDate] = [performance.now(), Date.now()];
    const [became] = await this.#calls.call(beatScript, worker, this.#leaseMs, isJoining);
    if (became === "new" && isJoining === "0") return this.#loseLease();
    if (isJoining === "0" && this.#worker !== worker) return; // lost meanwhile
    this.#worker = worker;
    // Counted from before the question, and on the clock of this machine, which goes on while the process is stopped.
    this.#leaseUntil = since + this.#leaseMs * 0.9;
    this.#leaseUntilDate = sinceDate + this.#leaseMs * 0.9;
  }

  /** Finds what clients of the specification put into queues by hand. */
  async #reconcile(): Promise<void> {
    const circles = this.#claims.wantedCircles;
    if (!circles) return;
    const [, cursor] = await this.#calls.call(reconcileScript, this.#cursor, MOST_SCANNED, ...circles);
    this.#cursor = String(cursor);
  }

  /**
   * What Redis answered a moment ago may be gone from it, so nothing is taken for known: what is followed here is submitted
   * again, in its order, and what is claimed here is given back. The circles' logs know what has happened.
   */
  #onRecovered(): void {
    this.#follows.submitAgain();
    this.#listenAgain();
    if (this.#worker === undefined) return;
    this.#calls.call(leaveScript, this.#worker).catch(this.#onError);
    this.#loseLease();
    void this.#tick();
  }

  #loseLease(): void {
    this.#worker = undefined;
    this.#claims.lose();
  }
}
