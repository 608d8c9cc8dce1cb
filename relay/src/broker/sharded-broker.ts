import { hash } from "node:crypto";
import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import { circleOf, type Event, type Outcome, type Task, type TaskKey } from "../task.ts";
import type { Broker, Claim, FollowOptions, Notice, TakeOptions } from "./broker.ts";

/**
 * Several brokers that share the circles: servers that know nothing of each other, or the buckets of one cluster. Each circle
 * is always with the same one, as long as there are as many of them, in the same order.
 */
export class ShardedBroker implements Broker {
  readonly #shards: readonly Broker[];
  /** Where a search for work begins: each shard has its turn. */
  #next = 0;

  /** At least one; they are closed with this. */
  constructor(shards: readonly Broker[]) {
    if (shards.length === 0) throw new TypeError("broker: expected at least one, got none");
    this.#shards = shards;
  }

  submit(task: Task, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    return this.#of(task.circle).submit(task, options, signal);
  }

  /** Asks all of them, and takes what comes first. What comes from another meanwhile is given back. */
  async take(options: TakeOptions, signal: AbortSignal): Promise<Claim> {
    signal.throwIfAborted();
    const enough = new AbortController();
    const stop = () => enough.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#next = (this.#next + 1) % this.#shards.length;
    const inTurn = [...this.#shards.slice(this.#next), ...this.#shards.slice(0, this.#next)];
    let first: Claim | undefined;
    const takes = inTurn.map(async (shard) => {
      const claim = await shard.take(options, enough.signal);
      if (first) {
        await shard.release(claim);
        throw new Error("broker: another was first");
      }
      first = claim;
      enough.abort(new Error("broker: another was first"));
      return claim;
    });
    try {
      return await Promise.any(takes);
    } catch (error) {
      throw error instanceof AggregateError ? (error.errors[0] as unknown) : error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  emit(claim: Claim, key: TaskKey, event: Event): void {
    this.#of(claim.circle).emit(claim, key, event);
  }

  finish(claim: Claim, key: TaskKey, outcome: Outcome): Promise<boolean> {
    return this.#of(claim.circle).finish(claim, key, outcome);
  }

  release(claim: Claim): Promise<void> {
    return this.#of(claim.circle).release(claim);
  }

  setAside(claim: Claim, key: TaskKey, event: Event): Promise<boolean> {
    return this.#of(claim.circle).setAside(claim, key, event);
  }

  resume(task: Task): Promise<void> {
    return this.#of(task.circle).resume(task);
  }

  follow(key: TaskKey, options: FollowOptions, signal: AbortSignal): Promise<Outcome> {
    return this.#of(circleOf(key)).follow(key, options, signal);
  }

  cancel(key: TaskKey): Promise<void> {
    return this.#of(circleOf(key)).cancel(key);
  }

  find(circle: PublicKey, id: TaskId): Promise<TaskKey | undefined> {
    return this.#of(circle).find(circle, id);
  }

  notify(circle: PublicKey, notice: Notice): void {
    this.#of(circle).notify(circle, notice);
  }

  listen(circle: PublicKey, onNotice: (notice: Notice) => void, signal: AbortSignal): void {
    this.#of(circle).listen(circle, onNotice, signal);
  }

  get isReady(): boolean {
    return this.#shards.every(({ isReady }) => isReady);
  }

  async depth(): Promise<number> {
    const depths = await Promise.all(this.#shards.map((shard) => shard.depth()));
    return depths.reduce((sum, depth) => sum + depth, 0);
  }

  leaseOf(circle: PublicKey): number | undefined {
    return this.#of(circle).leaseOf(circle);
  }

  raise(circle: PublicKey, above: number): Promise<boolean> {
    return this.#of(circle).raise(circle, above);
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.close()));
  }

  #of(circle: PublicKey): Broker {
    const number = Number.parseInt(hash("sha256", circle).slice(0, 8), 16);
    const shard = this.#shards[number % this.#shards.length];
    if (!shard) throw new Error("broker: expected a shard for every circle");
    return shard;
  }
}
