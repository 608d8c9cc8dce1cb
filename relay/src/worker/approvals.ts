import { DEFAULT_TIMEOUT_MS, type PublicKey } from "@circles/sdk/protocol";
import type { Broker } from "../broker/broker.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { Namespaces } from "../namespace/namespaces.ts";
import type { Write } from "../sandbox/sandbox.ts";
import { APPROVED, type Task } from "../task.ts";
import type { AskingPlay } from "./asking-play.ts";
import type { Inboxes } from "./inbox.ts";

export type ApprovalsParts = {
  readonly broker: Broker;
  readonly namespaces: Namespaces;
  readonly inboxes: Inboxes;
  /** Told of what should not happen. */
  readonly onError: (error: unknown, circle: PublicKey) => void;
};

/** The longest that a timer is set for; then it is looked at again. */
const MOST_TIMER_MS = 24 * 60 * 60 * 1000;

/**
 * Sees to it that plays which wait for an owner go on: when the owner has decided, when their time is over, and after a
 * restart, whatever of this was under way. A play that goes on is put in line again; the worker that takes it finds in the
 * circle what was decided.
 */
export class Approvals {
  readonly #parts: ApprovalsParts;
  readonly #attended = new WeakSet<Namespace>();
  readonly #timers = new Map<PublicKey, NodeJS.Timeout>();

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
  }

  /** To be called when a circle is used: once for each time it is opened, it looks after what waits there. */
  async attend(namespace: Namespace): Promise<void> {
    if (this.#attended.has(namespace) || !namespace.exists) return;
    this.#attended.add(namespace);
    await this.#resumeDue(namespace);
  }

  /** To be called when these are being committed: what waits is counted at once. Answers what to `proceed` with. */
  taken(namespace: Namespace, writes: readonly Write[]): readonly string[] {
    if (!writes.some(({ path }) => path.startsWith("inbox/"))) return [];
    return this.#parts.inboxes.of(namespace).changed(writes);
  }

  /** To be called when that is committed. */
  async proceed(namespace: Namespace, due: readonly string[]): Promise<void> {
    for (const id of due) await this.#resume(namespace, id);
    this.#schedule(namespace);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #resumeDue(namespace: Namespace): Promise<void> {
    for (const id of this.#parts.inboxes.of(namespace).due()) await this.#resume(namespace, id);
    this.#schedule(namespace);
  }

  async #resume(namespace: Namespace, id: string): Promise<void> {
    const entry = this.#parts.inboxes.of(namespace).get(id);
    if (entry) await this.#parts.broker.resume(taskOf(namespace.circle, entry));
  }

  /** Comes back when the first of those that wait expires. */
  #schedule(namespace: Namespace): void {
    const { circle } = namespace;
    clearTimeout(this.#timers.get(circle));
    this.#timers.delete(circle);
    const ms = this.#parts.inboxes.of(namespace).nextExpiry * 1000 - Date.now();
    if (ms === Number.POSITIVE_INFINITY) return;
    const timer = setTimeout(
      () => {
        this.#parts.namespaces
          .with(circle, (open) => this.#resumeDue(open))
          .catch((error: unknown) => this.#parts.onError(error, circle));
      },
      Math.min(Math.max(ms, 0) + 1, MOST_TIMER_MS),
    );
    this.#timers.set(circle, timer.unref());
  }
}

function taskOf(circle: PublicKey, entry: AskingPlay): Task {
  const { task: id, caller, script, script_hash, args, args_hash, timeout_ms } = entry;
  return {
    id,
    circle,
    caller,
    script,
    args,
    hashes: { script: script_hash, args: args_hash },
    timeoutMs: timeout_ms,
    deadline: Date.now() + (timeout_ms ?? DEFAULT_TIMEOUT_MS),
    proof: APPROVED,
  };
}
