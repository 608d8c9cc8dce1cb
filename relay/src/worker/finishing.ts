import { ErrorCode, type LogHead, type PublicKey, TASK_MEMORY_AFTER_EXPIRY_S, WireError } from "@circles/sdk/protocol";
import type { Claim, ClaimedTask } from "../broker/broker.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { FinalEnd, PlayEntry } from "../namespace/record.ts";
import type { Emitted, Write } from "../sandbox/sandbox.ts";
import type { Event, Outcome } from "../task.ts";
import { type AskingPlay, inboxId, inboxPath, makeAskingPlay } from "./asking-play.ts";
import { isConfig } from "./config-changes.ts";
import { endOfRefused, endOfWrites, failureOf, outcomeOf } from "./ends.ts";
import type { HeldEvents } from "./held-events.ts";
import { inboxNotice } from "./inbox.ts";
import type { ServeParts } from "./serve-claim.ts";

/** A play that was admitted. */
export type Play = ClaimedTask & {
  /** Unix seconds until which its id answers with its end. */
  readonly until: number;
  /** Its entry in the owner's inbox, if it has asked for something. */
  readonly entry: AskingPlay | undefined;
  /** The key that signed it for its caller, if another did. */
  readonly device: PublicKey | undefined;
};

type Ended = {
  readonly end: FinalEnd;
  readonly writes: readonly Write[];
  readonly emitted?: readonly Emitted[] | undefined;
  /** How long its script ran, if it did. */
  readonly runMs?: number;
};

type Logged = Pick<PlayEntry, "end" | "writes" | "until" | "events">;

/**
 * Ends the plays of one claim, each once: by a record, by a refusal without one, or by having it wait for the owner.
 * Records are committed in the order of the calls; nothing of a play is heard before all before it are committed.
 */
export class Finishing {
  readonly #parts: ServeParts;
  readonly #claim: Claim;
  readonly #finishing: Promise<void>[] = [];
  readonly #finished = new Set<ClaimedTask["key"]>();
  #lastCommit: Promise<unknown> = Promise.resolve();

  constructor(parts: ServeParts, claim: Claim) {
    this.#parts = parts;
    this.#claim = claim;
  }

  /** Resolves when whatever was begun here has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.all(this.#finishing);
  }

  /** Finishes what is not finished: whether it is in the log, nobody knows. */
  async giveUp(error: unknown): Promise<void> {
    for (const claimed of this.#claim.tasks) await this.#fail(claimed, error);
  }

  /** Lets events out as soon as everything before their play is committed. */
  release(held: HeldEvents): void {
    this.#lastCommit.then(
      () => held.release(),
      () => held.discard(),
    );
  }

  /**
   * Commits how a play ended. From here on a cancel comes too late. Answers whether everything that it wrote counts, and
   * whoever reads the circle's data next may go on from what it left.
   */
  commit(namespace: Namespace, play: Play, ended: Ended): boolean {
    const own = entryGone(play);
    const { end, writes, emitted = [], runMs } = takeWrites(namespace, play, ended, own);
    const events = emitted.map(({ topic, json }) => ({ topic, data: JSON.parse(json) as unknown }));
    this.#append(namespace, play, { end, writes: [...writes, ...own], events, until: play.until }, (head, commit_ms) =>
      this.finish(play, outcomeOf(end, head, runMs === undefined ? undefined : { run_ms: runMs, commit_ms })),
    );
    return writes.length === ended.writes.length && !writes.some(({ path }) => isConfig(path));
  }

  /** Has a play wait in the owner's inbox. `said`: the number of the last event that its caller heard. */
  async ask(
    namespace: Namespace,
    play: Play,
    { capability, said }: { capability: string; said: number },
  ): Promise<void> {
    const { inboxes, broker } = this.#parts;
    const entry = makeAskingPlay(play, capability);
    const id = inboxId(entry);
    const put: Write = { path: inboxPath(id), content: { json: JSON.stringify(entry) } };
    const writes = [...entryGone(play), put];
    try {
      if (!play.entry) inboxes.of(namespace).checkRoom(play.task);
      namespace.takeWrites(writes);
    } catch (error) {
      const refused = error instanceof WireError ? error : wireError(endOfWrites(error, play.task));
      await this.refuse(namespace, play, refused);
      return;
    }
    const { expires_at } = entry;
    const until = Math.max(play.until, expires_at + TASK_MEMORY_AFTER_EXPIRY_S);
    this.#append(namespace, play, { end: { status: "waiting", capability, expires_at }, writes, until }, async () => {
      await this.setAside({ ...play, said }, entry);
      broker.notify(namespace.circle, inboxNotice(id, entry));
    });
  }

  /** Tells a play's caller that it waits for the owner. */
  async setAside(play: Play, { capability, expires_at }: AskingPlay): Promise<void> {
    const { key, said, task } = play;
    this.#finished.add(key);
    const event: Event = { seq: said + 1, kind: "waiting", data: { capability, expires_at } };
    if (await this.#parts.broker.setAside(this.#claim, key, event)) {
      this.#parts.observer.ended(task, "waiting");
      return;
    }
    const failure = { code: ErrorCode.Busy, message: "busy: too many plays of this caller wait for the owner" };
    await this.#parts.broker.finish(this.#claim, key, { status: "error", failure });
    this.#parts.onError(new Error(`worker: task ${task.id} waits and could not be set aside`), play);
  }

  /** Ends a play that may not be played. It leaves no record, unless one says that it waits. */
  async refuse(namespace: Namespace, play: ClaimedTask & Partial<Play>, error: unknown): Promise<void> {
    if (error instanceof WireError && error.code === ErrorCode.Denied) {
      const { capability } = error.data as { capability: string };
      this.#parts.denials.count(namespace, play.task.caller, capability);
    }
    if (error instanceof WireError && play.entry && play.until !== undefined) {
      this.commit(
        namespace,
        { ...play, until: play.until, entry: play.entry, device: play.device },
        { end: endOfRefused(error), writes: [] },
      );
    } else await this.#fail(play, error);
  }

  async finish({ key, task }: ClaimedTask, outcome: Outcome): Promise<void> {
    this.#finished.add(key);
    if (await this.#parts.broker.finish(this.#claim, key, outcome)) this.#parts.observer.ended(task, outcome);
  }

  #append(
    namespace: Namespace,
    play: Play,
    { events = [], ...logged }: Logged,
    then: (head: LogHead, commitMs: number) => Promise<void>,
  ): void {
    const { id, caller, hashes } = play.task;
    const { writes } = logged;
    const device = play.device === undefined ? {} : { device: play.device };
    const released = this.#lastCommit;
    const { configChanges, approvals, observer } = this.#parts;
    configChanges.add(namespace, writes);
    const due = approvals.taken(namespace, writes);
    const began = performance.now();
    const emitted = events.length > 0 ? { events } : {};
    const commit = namespace.commit({ task: id, caller, ...device, ...hashes, ...emitted, ...logged });
    commit.catch(() => {}); // heard of below, once what came before it has settled
    this.#lastCommit = commit;
    const ended = async () => {
      try {
        await released; // its events are out
        const { head, news } = await commit;
        this.#parts.news.tell(namespace, news);
        const commitMs = performance.now() - began;
        observer.committed(play.task, commitMs);
        if (writes.some(({ path }) => isConfig(path))) await this.#committed(namespace, writes, due);
        await then(head, commitMs);
      } catch (error) {
        await this.#fail(play, error);
      }
    };
    this.#finishing.push(ended());
  }

  /** What a commit changes beyond the circle's data takes effect before anybody hears of it. */
  async #committed(namespace: Namespace, writes: readonly Write[], due: readonly string[]): Promise<void> {
    const { authorities, sandbox, approvals, news } = this.#parts;
    if (authorities.changedBy(writes)) {
      sandbox.reauthorize(namespace.circle, (play) => authorities.again(namespace, play));
      news.policyChanged(namespace);
    }
    if (writes.some(({ path }) => path.startsWith("inbox/"))) await approvals.proceed(namespace, due);
  }

  async #fail(claimed: ClaimedTask, error: unknown): Promise<void> {
    if (this.#finished.has(claimed.key)) return;
    const isForged = error instanceof WireError && error.code === ErrorCode.BadEnvelope; // a gateway lets none through
    if (!(error instanceof WireError) || error.cause || isForged) this.#parts.onError(error, claimed);
    const status = error instanceof WireError && error.code === ErrorCode.Denied ? "denied" : "error";
    await this.finish(claimed, { status, failure: failureOf(error) });
  }
}

/** What takes away the entry of a play that asked before. */
function entryGone({ entry }: Play): Write[] {
  return entry ? [{ path: inboxPath(inboxId(entry)), content: null }] : [];
}

/** Takes what a play writes, and its own entry away; a play whose writes are not taken ends so and writes nothing. */
function takeWrites(namespace: Namespace, { task }: Play, ended: Ended, own: readonly Write[]): Ended {
  try {
    namespace.takeWrites([...ended.writes, ...own]);
    return ended;
  } catch (error) {
    const refused = endOfWrites(error, task);
    namespace.takeWrites(own);
    return { end: refused, writes: [] };
  }
}

function wireError(end: FinalEnd): WireError {
  if (end.status === "completed") throw new TypeError("worker: expected an end that is a failure");
  const { code, message, data } = end.failure;
  return new WireError(code, message, data);
}
