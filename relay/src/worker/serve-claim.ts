import type { Broker, Claim, ClaimedTask } from "../broker/broker.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { Namespaces } from "../namespace/namespaces.ts";
import { LeaseOutdated } from "../namespace/open-log.ts";
import type { SnapshotSource } from "../namespace/snapshot.ts";
import type { Sandbox, ScriptResult } from "../sandbox/sandbox.ts";
import { type AdmissionParts, admit, coolingDown } from "./admission.ts";
import type { Approvals } from "./approvals.ts";
import { LIBRARY_PATH } from "./circle-paths.ts";
import type { ConfigChanges } from "./config-changes.ts";
import type { Denials } from "./denials.ts";
import { CANCELLED, DEVICE, denied, exhausted, isStopped, loggedEnd } from "./ends.ts";
import { Finishing, type Play } from "./finishing.ts";
import { HeldEvents } from "./held-events.ts";
import type { News } from "./news.ts";
import { answerer } from "./questions.ts";
import { ServingSubscribers } from "./serve-subscribers.ts";
import type { WorkerObserver } from "./worker-observer.ts";

export type ServeParts = AdmissionParts & {
  readonly broker: Broker;
  readonly sandbox: Sandbox<SnapshotSource>;
  readonly namespaces: Namespaces;
  readonly approvals: Approvals;
  readonly denials: Denials;
  readonly configChanges: ConfigChanges;
  readonly news: News;
  readonly observer: WorkerObserver;
  /** Told of what should not happen. */
  readonly onError: (error: unknown, claimed: ClaimedTask) => void;
};

/** What became of a play that ran: what those behind it read is so, is not so any more, or it must run again itself. */
type Became = "stands" | "changed" | "again";

/** Serves and finishes all tasks of a claim. A play whose outcome cannot be known is finished as an internal error. */
export async function serveClaim(parts: ServeParts, claim: Claim): Promise<void> {
  const serving = claim.lane === "events" ? new ServingSubscribers(parts, claim) : new ServingPlays(parts, claim);
  const serve = () =>
    parts.namespaces.with(claim.circle, (namespace) => {
      parts.news.attend(namespace);
      return serving.serve(namespace);
    });
  try {
    await serve().catch(async (error: unknown) => {
      if (!(error instanceof LeaseOutdated && (await parts.broker.raise(claim.circle, error.known)))) throw error;
      await serve(); // the broker had forgotten how far it was; nothing was done yet
    });
  } catch (error) {
    await serving.giveUp(error);
  }
}

class ServingPlays {
  readonly #parts: ServeParts;
  readonly #claim: Claim;
  readonly #finishing: Finishing;

  constructor(parts: ServeParts, claim: Claim) {
    this.#parts = parts;
    this.#claim = claim;
    this.#finishing = new Finishing(parts, claim);
    for (const { task, said, attempts } of claim.tasks) if (said + attempts === 0) parts.observer.taken(task);
  }

  serve(namespace: Namespace): Promise<void> {
    return new Serving(this.#parts, this.#claim, namespace, this.#finishing).serve();
  }

  giveUp(error: unknown): Promise<void> {
    return this.#finishing.giveUp(error);
  }
}

/**
 * One claim being served. Its plays run one after the other, each on the state that the one before left; their records
 * are committed in that order and synced together, and what a play says leaves only when all before it are.
 */
class Serving {
  readonly #parts: ServeParts;
  readonly #claim: Claim;
  readonly #namespace: Namespace;
  readonly #finishing: Finishing;
  readonly #stopped = new Set<ClaimedTask["key"]>();

  constructor(parts: ServeParts, claim: Claim, namespace: Namespace, finishing: Finishing) {
    this.#parts = parts;
    this.#claim = claim;
    this.#namespace = namespace;
    this.#finishing = finishing;
  }

  async serve(): Promise<void> {
    try {
      await this.#parts.approvals.attend(this.#namespace);
      let waiting = await this.#admitAll();
      while (waiting.length > 0) {
        waiting = await this.#run(waiting);
        await this.#finishing.settled(); // what runs again is to read what has been committed
      }
    } finally {
      await this.#finishing.settled(); // nothing of the namespace is in use any more
    }
  }

  /** Answers those that are to be run; the others are finished, or will be. */
  async #admitAll(): Promise<Play[]> {
    const plays: Play[] = [];
    for (const claimed of this.#claim.tasks) {
      try {
        const admitted = await admit(this.#parts, this.#namespace, claimed);
        if ("status" in admitted) {
          await this.#finishing.finish(claimed, admitted);
          continue;
        }
        const { key, task, cancelled, said, attempts } = claimed;
        const { until, entry, device, end } = admitted;
        const play: Play = { key, task, cancelled, said, attempts, until, entry, device };
        if (end) this.#finishing.commit(this.#namespace, play, { end, writes: [] });
        else if (entry?.state === "waiting") await this.#finishing.setAside(play, entry);
        else plays.push(play);
      } catch (error) {
        await this.#finishing.refuse(this.#namespace, claimed, error);
      }
    }
    return plays;
  }

  /** Gives each its authority, as of now; those that have none are refused. */
  async #authorize(plays: readonly Play[]) {
    const authorized: (Play & { authority: ReturnType<ServeParts["authorities"]["open"]> })[] = [];
    for (const play of plays) {
      try {
        if (this.#parts.authorities.revokes(this.#namespace, play.device)) throw denied(DEVICE);
        const authority = this.#parts.authorities.open(this.#namespace, play.task, play.entry?.allowed ?? []);
        authorized.push({ ...play, authority });
      } catch (error) {
        await this.#finishing.refuse(this.#namespace, play, error);
      }
    }
    return authorized;
  }

  /** Runs plays as one sequence and commits each when it ends. Answers those that have to run again. */
  async #run(waiting: readonly Play[]): Promise<Play[]> {
    const { broker, sandbox, configChanges, denials, observer } = this.#parts;
    const namespace = this.#namespace;
    await namespace.room();
    const plays = await this.#authorize(waiting);
    const events = plays.map(
      ({ key, said }) =>
        new HeldEvents((event) =>
          broker.emit(this.#claim, key, said > 0 ? { ...event, seq: event.seq + said } : event),
        ),
    );
    const abandoned = { aborted: false };
    const since = configChanges.now(namespace);
    const results = sandbox.run({
      signal: abandoned,
      circle: this.#claim.circle,
      snapshot: namespace.snapshot(),
      answer: answerer(namespace, denials),
      plays: plays.map(({ task, cancelled, authority, device }, i) => ({
        script: task.script,
        args: task.args,
        caller: task.caller,
        device,
        lane: task.lane === "control" ? task.lane : undefined,
        authority: authority.text,
        signal: cancelled,
        deadline: task.deadline,
        onEvent: (event) => events[i]?.add(event),
      })),
    });
    for (const result of results) result.catch(() => {}); // the first that fails is heard of below, all others are not
    try {
      let began = performance.now();
      for (const [i, play] of plays.entries()) {
        const held = events[i];
        if (held) this.#finishing.release(held);
        const result = await results[i];
        if (!result) throw new Error("sandbox: expected a result for each play");
        const ended = performance.now();
        observer.ran(play.task, ended - began);
        began = ended; // they run one after the other
        if (result.killed) await this.#coolDown(play, plays.slice(i + 1));
        const became = await this.#end(play, result, { since, said: play.said + (held?.last ?? 0) });
        if (became !== "again") play.authority.settle(result);
        const republished = configChanges.conflicts(namespace, [{ path: LIBRARY_PATH, content: null }], since);
        if (became === "stands" && !republished) continue;
        // Those behind it read what is not so: they have not happened.
        for (const later of events.slice(i + 1)) later.discard();
        abandoned.aborted = true;
        return plays.slice(became === "again" ? i : i + 1);
      }
      return [];
    } finally {
      abandoned.aborted = true;
      for (const { authority } of plays) authority.settle(undefined);
    }
  }

  /** Commits a play that ended, has it wait for the owner, or refuses it. */
  async #end(play: Play, result: ScriptResult, { since, said }: { since: number; said: number }): Promise<Became> {
    const { authorities, configChanges, coolDown } = this.#parts;
    const namespace = this.#namespace;
    this.#claim.lost.throwIfAborted(); // others have the circle: nothing is committed any more
    const { end, writes, emitted, used, cpuMs: runMs } = result;
    const withoutWrites = writes.length > 0 ? "changed" : "stands";
    if (this.#stopped.has(play.key)) {
      await this.#finishing.refuse(namespace, play, coolingDown(coolDown, play.task));
      return withoutWrites;
    }
    if (play.cancelled.aborted) {
      this.#finishing.commit(namespace, play, { end: CANCELLED, writes: [] });
      return withoutWrites;
    }
    if (authorities.revokes(namespace, play.device)) {
      await this.#finishing.refuse(namespace, play, denied(DEVICE));
      return withoutWrites;
    }
    if (isStopped(end)) {
      if (end.kind === "asks") await this.#finishing.ask(namespace, play, { capability: end.capability, said });
      else
        await this.#finishing.refuse(namespace, play, end.kind === "denied" ? denied(end.capability) : exhausted(end));
      return withoutWrites;
    }
    const lost = authorities.lost(namespace, play.task, used);
    if (lost !== undefined) {
      await this.#finishing.refuse(namespace, play, denied(lost));
      return withoutWrites;
    }
    if (configChanges.conflicts(namespace, writes, since)) return "again";
    const stands = this.#finishing.commit(namespace, play, { end: loggedEnd(end), writes, emitted, runMs });
    return stands ? "stands" : "changed";
  }

  /** A script had to be killed: what its caller has in line here is stopped, and refused like what it sends from now on. */
  async #coolDown({ task }: Play, later: readonly Play[]): Promise<void> {
    this.#parts.coolDown.start(task);
    for (const { key } of later.filter((play) => play.task.caller === task.caller)) {
      this.#stopped.add(key);
      await this.#parts.broker.cancel(key);
    }
  }
}
