import { ErrorCode, type LogHead, WireError } from "@circles/sdk/protocol";
import type { Broker, Claim, ClaimedTask } from "../broker/broker.ts";
import { NameRefused } from "../namespace/names.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { Namespaces } from "../namespace/namespaces.ts";
import type { LoggedEnd, LoggedWrite } from "../namespace/record.ts";
import type { SnapshotSource } from "../namespace/snapshot.ts";
import type { Sandbox, ScriptResult } from "../sandbox/sandbox.ts";
import type { Outcome } from "../task.ts";
import { type AdmissionParts, admit, coolingDown } from "./admission.ts";
import { CANCELLED, loggedEnd, loggedWrites, outcomeOf } from "./ends.ts";
import { HeldEvents } from "./held-events.ts";

export type ServeParts = AdmissionParts & {
  readonly broker: Broker;
  readonly sandbox: Sandbox<SnapshotSource>;
  readonly namespaces: Namespaces;
  /** Told of what should not happen. */
  readonly onError: (error: unknown, claimed: ClaimedTask) => void;
};

type Play = ClaimedTask & { readonly until: number };
type Ended = { readonly end: LoggedEnd; readonly writes: readonly LoggedWrite[] };

/** Plays and finishes all tasks of a claim. A play whose outcome cannot be known is finished as an internal error. */
export async function serveClaim(parts: ServeParts, claim: Claim): Promise<void> {
  const serving = new Serving(parts, claim);
  try {
    await parts.namespaces.with(claim.circle, (namespace) => serving.serve(namespace));
  } catch (error) {
    await serving.giveUp(error);
  }
}

/**
 * One claim being served. Its plays run one after the other, each on the state that the one before left; their records
 * are committed in that order and synced together, and what a play says leaves only when all before it are.
 */
class Serving {
  readonly #parts: ServeParts;
  readonly #claim: Claim;
  readonly #finishing: Promise<void>[] = [];
  readonly #finished = new Set<ClaimedTask["key"]>();
  readonly #stopped = new Set<ClaimedTask["key"]>();
  #lastCommit: Promise<unknown> = Promise.resolve();

  constructor(parts: ServeParts, claim: Claim) {
    this.#parts = parts;
    this.#claim = claim;
  }

  async serve(namespace: Namespace): Promise<void> {
    try {
      let waiting = await this.#admitAll(namespace);
      while (waiting.length > 0) {
        waiting = await this.#run(namespace, waiting);
        await Promise.all(this.#finishing); // what runs again is to read what has been committed
      }
    } finally {
      await Promise.all(this.#finishing); // nothing of the namespace is in use any more
    }
  }

  /** Finishes what is not finished: whether it is in the log, nobody knows. */
  async giveUp(error: unknown): Promise<void> {
    for (const claimed of this.#claim.tasks) await this.#refuse(claimed, error);
  }

  /** Answers those that are to be run; the others are finished, or will be. */
  async #admitAll(namespace: Namespace): Promise<Play[]> {
    const plays: Play[] = [];
    for (const claimed of this.#claim.tasks) {
      try {
        const admitted = await admit(this.#parts, namespace, claimed);
        if ("status" in admitted) await this.#finish(claimed, admitted);
        else if (admitted.end)
          this.#commit(namespace, { ...claimed, until: admitted.until }, { end: admitted.end, writes: [] });
        else plays.push({ key: claimed.key, task: claimed.task, cancelled: claimed.cancelled, until: admitted.until });
      } catch (error) {
        await this.#refuse(claimed, error);
      }
    }
    return plays;
  }

  /** Runs plays as one sequence and commits each when it ends. Answers those that have to run again. */
  async #run(namespace: Namespace, plays: readonly Play[]): Promise<Play[]> {
    const { broker, sandbox } = this.#parts;
    const events = plays.map(({ key }) => new HeldEvents((event) => broker.emit(this.#claim, key, event)));
    await namespace.room();
    const abandoned = new AbortController();
    const results = sandbox.run({
      signal: abandoned.signal,
      circle: this.#claim.circle,
      snapshot: namespace.snapshot(),
      plays: plays.map(({ task, cancelled }, i) => ({
        script: task.script,
        args: task.args,
        caller: task.caller,
        signal: cancelled,
        deadline: task.deadline,
        onEvent: (event) => events[i]?.add(event),
      })),
    });
    for (const result of results) result.catch(() => {}); // the first that fails is heard of below, all others are not
    for (const [i, play] of plays.entries()) {
      this.#release(events[i]);
      const result = await results[i];
      if (!result) throw new Error("sandbox: expected a result for each play");
      if (result.killed) await this.#coolDown(play, plays.slice(i + 1));
      const written = await this.#end(namespace, play, result);
      if (result.writes.length === written) continue;
      // Those behind it read what it did not get to write: they have not happened.
      for (const held of events.slice(i + 1)) held.discard();
      abandoned.abort();
      return plays.slice(i + 1);
    }
    return [];
  }

  /** Commits a play that ended, or refuses it. Answers how many of its writes count. */
  async #end(namespace: Namespace, play: Play, result: ScriptResult): Promise<number> {
    if (this.#stopped.has(play.key)) {
      await this.#refuse(play, coolingDown(this.#parts.coolDown, play.task));
      return 0;
    }
    const ended = checkedEnd(namespace, result, play.cancelled);
    this.#commit(namespace, play, ended);
    return ended.writes.length;
  }

  /** A script had to be killed: what its caller has in line here is stopped, and refused like what it sends from now on. */
  async #coolDown({ task }: Play, later: readonly Play[]): Promise<void> {
    this.#parts.coolDown.start(task.caller);
    for (const { key } of later.filter((play) => play.task.caller === task.caller)) {
      this.#stopped.add(key);
      await this.#parts.broker.cancel(key);
    }
  }

  /** Lets events out as soon as everything before their play is committed. */
  #release(held: HeldEvents | undefined): void {
    this.#lastCommit.then(
      () => held?.release(),
      () => held?.discard(),
    );
  }

  #commit(namespace: Namespace, play: Play, { end, writes }: Ended): void {
    const { id, caller, hashes } = play.task;
    const released = this.#lastCommit;
    const commit = namespace.commit({ task: id, caller, ...hashes, until: play.until, end, writes });
    commit.catch(() => {}); // heard of in #finishCommitted, once what came before it has settled
    this.#lastCommit = commit;
    this.#finishing.push(this.#finishCommitted(play, end, released, commit));
  }

  async #finishCommitted(
    play: Play,
    end: LoggedEnd,
    released: Promise<unknown>,
    commit: Promise<LogHead>,
  ): Promise<void> {
    try {
      await released; // its events are out
      await this.#finish(play, outcomeOf(end, await commit));
    } catch (error) {
      await this.#refuse(play, error);
    }
  }

  async #refuse(claimed: ClaimedTask, error: unknown): Promise<void> {
    if (this.#finished.has(claimed.key)) return;
    if (!(error instanceof WireError) || error.cause) this.#parts.onError(error, claimed);
    const status = error instanceof WireError && error.code === ErrorCode.Denied ? "denied" : "error";
    await this.#finish(claimed, { status, failure: failureOf(error) });
  }

  async #finish({ key }: ClaimedTask, outcome: Outcome): Promise<void> {
    this.#finished.add(key);
    await this.#parts.broker.finish(this.#claim, key, outcome);
  }
}

/** A script's end as it is to be committed at once: from here on a cancel comes too late. */
function checkedEnd(namespace: Namespace, { end, writes }: ScriptResult, cancelled: AbortSignal): Ended {
  if (cancelled.aborted) return { end: CANCELLED, writes: [] };
  const logged = loggedWrites(writes);
  try {
    namespace.takeNames(logged);
    return { end: loggedEnd(end), writes: logged };
  } catch (error) {
    if (!(error instanceof NameRefused)) throw error;
    return { end: loggedEnd({ kind: "thrown", name: "TypeError", message: error.message }), writes: [] };
  }
}

function failureOf(error: unknown) {
  if (error instanceof WireError) return { code: error.code, message: error.message, data: error.data };
  // Perhaps it is in the log and perhaps not: sent again under the same id, the play is answered or played.
  return { code: ErrorCode.InternalError, message: "internal error", data: { outcome: "unknown" } };
}
