import type { PublicKey } from "@circles/sdk/protocol";
import type { QueuedTask } from "./queued-task.ts";

const MOST_PER_CIRCLE = 1_000;
const MOST_PER_CALLER = 20;

/** Tasks that wait for the owner of their circle. Workers refuse earlier: these bounds are for one that does not. */
export class Aside {
  readonly #circles = new Map<PublicKey, Set<QueuedTask>>();

  has(queued: QueuedTask): boolean {
    return this.#circles.get(queued.task.circle)?.has(queued) ?? false;
  }

  hasRoom({ task: { circle, caller } }: QueuedTask): boolean {
    const ofCircle = this.#circles.get(circle);
    if (!ofCircle) return true;
    const ofCaller = Array.from(ofCircle).filter(({ task }) => task.caller === caller).length;
    return ofCircle.size < MOST_PER_CIRCLE && ofCaller < MOST_PER_CALLER;
  }

  add(queued: QueuedTask): void {
    const { circle } = queued.task;
    this.#circles.set(circle, (this.#circles.get(circle) ?? new Set()).add(queued));
  }

  /** Answers whether it was here. */
  delete(queued: QueuedTask): boolean {
    const { circle } = queued.task;
    const ofCircle = this.#circles.get(circle);
    if (!ofCircle?.delete(queued)) return false;
    if (ofCircle.size === 0) this.#circles.delete(circle);
    return true;
  }
}
