import { setMaxListeners } from "node:events";
import { ErrorCode, WireError } from "@circles/sdk/protocol";
import { type Event, type Outcome, type Task, type TaskKey, taskKey, type WorkerTiming } from "../../task.ts";
import { type BrokerLimits, type FollowOptions, UnknownTask } from "../broker.ts";
import { Followers, sayAgain } from "../followers.ts";
import { busy, MOST_IN_CONTROL_LANE, sizeOf } from "../room.ts";
import { waitUntil } from "../wait.ts";
import { FOLLOW, LOOK, SUBMIT } from "./lua-submit.ts";
import { makeGatheringScript, makeScript, type RedisCalls, type Reply } from "./redis-calls.ts";
import { type RedisTaskId, redisTaskId } from "./redis-keys.ts";
import { fieldsOf } from "./task-fields.ts";

/** A task that somebody in this process follows, in one of its lives: one that ended without a record may have another. */
type Followed = {
  readonly id: RedisTaskId;
  life: number;
  /** What is submitted again if Redis lost it; none where somebody only follows. */
  task: Task | undefined;
  readonly followers: Followers;
  heardAt: number;
  isLookedAt: boolean;
};

/** Questions whose answers say how a task stands, and what was heard of it meanwhile. */
type Asked = { questions: number; readonly ended: Map<number, Outcome>; isHeard: boolean };

/** What an answer comes to: how the task ended, or where to follow it. */
type Found =
  | { readonly events: readonly string[]; readonly life: number }
  | { readonly events: readonly string[]; readonly outcome: Outcome };

type FollowsParts = {
  readonly calls: RedisCalls;
  /** The list that is read here. */
  readonly inbox: string;
  readonly limits: BrokerLimits;
};
type Wait = {
  readonly id: RedisTaskId;
  readonly task: Task | undefined;
  readonly options: FollowOptions;
  readonly signal: AbortSignal;
};

/** A task of which nothing was heard for so long is looked at. */
const SILENCE_MS = 5_000;
const MOST_LOOKED_AT = 100;

const submitScript = makeGatheringScript(SUBMIT, { isRefusedWhenFull: true });
const followScript = makeScript(FOLLOW);
const lookScript = makeScript(LOOK);
export const FOLLOW_SCRIPTS = [submitScript, followScript, lookScript];

/** The gateway's half of a broker on Redis: follows tasks to their ends, whatever gets lost on the way. */
export class RedisFollows {
  readonly #parts: FollowsParts;
  /** By id and life. */
  readonly #followed = new Map<string, Followed>();
  readonly #asked = new Map<RedisTaskId, Asked>();
  #abandoned: Error | undefined;

  constructor(parts: FollowsParts) {
    this.#parts = parts;
  }

  submit(task: Task, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    return this.#wait({ id: redisTaskId(taskKey(task)), task, options, signal });
  }

  follow(key: TaskKey, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    return this.#wait({ id: redisTaskId(key), task: undefined, options, signal });
  }

  /** Queues a task that nobody here follows. A worker that resumes a play has its room already. */
  async enqueue(task: Task): Promise<void> {
    await this.#submit(task, "");
  }

  heard(id: string, life: number, event: Event): void {
    const asked = this.#asked.get(id as RedisTaskId);
    if (asked) asked.isHeard = true;
    const followed = this.#followed.get(nameOf(id, life));
    if (!followed) return;
    followed.heardAt = performance.now();
    const { followers } = followed;
    if (event.seq === followers.lastEvent + 1) followers.emit(event);
    else if (event.seq > followers.lastEvent) void this.#lookAt([followed]);
  }

  /** `said`: the number of the task's last event. */
  ended(id: string, life: number, said: number, remembered: Outcome, timing?: WorkerTiming | null): void {
    const outcome = timing && remembered.status === "completed" ? { ...remembered, timing } : remembered;
    this.#asked.get(id as RedisTaskId)?.ended.set(life, outcome);
    const followed = this.#followed.get(nameOf(id, life));
    if (!followed) return;
    if (said > followed.followers.lastEvent && outcome.log) void this.#lookAt([followed]);
    else this.#end(followed, outcome);
  }

  /** Looks at tasks that were silent for a while; at all of them if messages may have been lost. */
  look({ all }: { readonly all: boolean }): void {
    const before = performance.now() - SILENCE_MS;
    this.#lookAtEach(Array.from(this.#followed.values()).filter(({ heardAt }) => all || heardAt < before));
  }

  /** Submits all that is followed here again, in its order, whether Redis knows it or not. */
  submitAgain(): void {
    const followed = Array.from(this.#followed.values());
    for (const one of followed) {
      if (!one.task) continue;
      this.#submit(one.task).then(
        (reply) => this.#seen(one, reply),
        (error: unknown) => one.followers.abandon(error),
      );
    }
    this.#parts.calls.flush(); // before whatever was asked and not answered
    this.#lookAtEach(followed.filter(({ task }) => !task));
  }

  /** Ends all waits, and those that come later. */
  abandon(error: Error): void {
    this.#abandoned = error;
    for (const { followers } of this.#followed.values()) followers.abandon(error);
    this.#followed.clear();
  }

  async #wait(wait: Wait): Promise<Outcome> {
    const { id, task, signal } = wait;
    signal.throwIfAborted();
    const asked = this.#asked.get(id) ?? { questions: 0, ended: new Map<number, Outcome>(), isHeard: false };
    this.#asked.set(id, asked);
    asked.questions += 1;
    const answer = task ? this.#submit(task) : this.#parts.calls.call(followScript, id, this.#parts.inbox);
    const outcome = waitUntil<Outcome>(signal);
    answer
      .finally(() => {
        asked.questions -= 1;
        if (asked.questions === 0) this.#asked.delete(id);
      })
      .then((reply) => this.#join(wait, foundIn(reply), asked))
      .then(outcome.resolve, outcome.reject);
    return outcome.promise;
  }

  /** Follows at once what an answer found: in between nobody would. */
  async #join({ id, task, options, signal }: Wait, found: Found, asked: Asked): Promise<Outcome> {
    if (this.#abandoned) throw this.#abandoned;
    signal.throwIfAborted();
    if ("outcome" in found) {
      const followers = new Followers();
      say(followers, found.events);
      sayAgain(followers.events, options, signal);
      return found.outcome;
    }
    const followed = this.#known(id, found.life);
    followed.task ??= task;
    say(followed.followers, found.events);
    const outcome = asked.ended.get(found.life);
    if (outcome) {
      this.#end(followed, outcome);
      sayAgain(followed.followers.events, options, signal);
      return outcome;
    }
    if (asked.isHeard) void this.#lookAt([followed]); // its first events may have come before anybody followed
    return followed.followers.follow(options, signal).finally(() => this.#forget(followed));
  }

  #known(id: RedisTaskId, life: number): Followed {
    const name = nameOf(id, life);
    const known = this.#followed.get(name);
    if (known) return known;
    const followers = new Followers();
    const followed: Followed = { id, life, task: undefined, followers, heardAt: performance.now(), isLookedAt: false };
    this.#followed.set(name, followed);
    return followed;
  }

  #end(followed: Followed, outcome: Outcome): void {
    this.#followed.delete(nameOf(followed.id, followed.life));
    followed.followers.end(outcome);
  }

  /** If nobody follows it any more. */
  #forget({ id, life, followers }: Followed): void {
    if (followers.isEmpty) this.#followed.delete(nameOf(id, life));
  }

  #submit(task: Task, inbox = this.#parts.inbox): Promise<Reply> {
    const { calls, limits } = this.#parts;
    const { circle, caller, id, lane = "", hashes } = task;
    const most = lane === "control" ? MOST_IN_CONTROL_LANE : limits.mostPerCircle;
    const named = [
      redisTaskId(taskKey(task)),
      circle,
      lane,
      caller,
      id,
      sizeOf(task),
      hashes.script,
      hashes.args,
      inbox,
    ];
    const bounds = [most, limits.mostPerCaller, limits.mostCharactersPerCaller, limits.mostCharacters];
    return calls.call(submitScript, ...named, ...bounds, ...fieldsOf(task)).catch((error: unknown) => {
      if (!isOutOfMemory(error)) throw error;
      throw new WireError(ErrorCode.Busy, "busy: the memory of this relay's Redis is full");
    });
  }

  #lookAtEach(followed: readonly Followed[]): void {
    for (let i = 0; i < followed.length; i += MOST_LOOKED_AT) void this.#lookAt(followed.slice(i, i + MOST_LOOKED_AT));
  }

  async #lookAt(all: readonly Followed[]): Promise<void> {
    const followed = all.filter(({ isLookedAt }) => !isLookedAt);
    if (followed.length === 0) return;
    for (const one of followed) one.isLookedAt = true;
    try {
      const asked = followed.flatMap(({ id, followers }) => [id, followers.lastEvent]);
      const found = await this.#parts.calls.call(lookScript, this.#parts.inbox, ...asked);
      for (const [i, one] of followed.entries()) await this.#seen(one, found[i] as Reply);
    } catch (error) {
      for (const { followers } of followed) followers.abandon(error);
    } finally {
      for (const one of followed) {
        one.isLookedAt = false;
        one.heardAt = performance.now();
      }
    }
  }

  /** What Redis lost is submitted again: the circle's log knows whether it happened. */
  async #seen(followed: Followed, reply: Reply): Promise<void> {
    const { task, followers } = followed;
    if (followers.isEmpty) return this.#forget(followed);
    try {
      const found = foundIn(reply[0] === "unknown" && task ? await this.#submit(task) : reply);
      say(followers, found.events);
      if ("outcome" in found) this.#end(followed, found.outcome);
      else if (found.life !== followed.life) this.#move(followed, found.life);
    } catch (error) {
      this.#followed.delete(nameOf(followed.id, followed.life));
      followers.abandon(error);
    }
  }

  /** What it followed is over, and this is the next life. */
  #move(followed: Followed, life: number): void {
    const { id, task, followers } = followed;
    this.#followed.delete(nameOf(id, followed.life));
    const next = this.#known(id, life);
    next.task ??= task;
    next.followers.follow({ onEvent: (event) => followers.emit(event) }, NEVER).then(
      (outcome) => followers.end(outcome),
      (error: unknown) => followers.abandon(error),
    );
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("OOM ");
}

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

function nameOf(id: string, life: number): string {
  return `${id} ${life}`;
}

function say(followers: Followers, events: readonly string[]): void {
  for (const event of events) followers.emit(JSON.parse(event) as Event);
}

/** @throws what an answer refuses. */
function foundIn([kind, ...rest]: Reply): Found {
  switch (kind) {
    case "queued":
      return { events: [], life: Number(rest[0]) };
    case "known":
      return { events: rest[0] as string[], life: Number(rest[1]) };
    case "ended":
      return { events: rest[0] as string[], outcome: JSON.parse(rest[1] as string) as Outcome };
    case "reused":
      throw new WireError(ErrorCode.TaskIdReused, "task id: expected a new one, got one that another play has");
    case "busy":
      throw busy(rest[0] as string, Number(rest[1]), Number(rest[2]));
    default:
      throw new UnknownTask("task: no such task");
  }
}
