import type { Broker } from "../broker/broker.ts";
import { logGrown, logOpened, POLICY_CHANGED } from "../broker/topic-notices.ts";
import type { TopicNews } from "../namespace/circle-events.ts";
import type { Namespace } from "../namespace/namespace.ts";

/** Records of so long are told of together: whoever follows a log asks for them, and a busy circle has other things to do. */
const GATHER_MS = 50;

/** Tells gateways what their subscribers are to hear: of what was committed, and nothing else. */
export class News {
  readonly #broker: Pick<Broker, "notify">;
  readonly #attended = new WeakSet<Namespace>();
  /** Somebody has read their logs to the end, and is to be told when there is more. */
  readonly #followed = new WeakSet<Namespace>();

  constructor(broker: Pick<Broker, "notify">) {
    this.#broker = broker;
  }

  /** To be called when a circle is used: whoever had it before may have died between a commit and telling of it. */
  attend(namespace: Namespace): void {
    if (!namespace.exists || this.#attended.has(namespace)) return;
    this.#attended.add(namespace);
    this.#broker.notify(namespace.circle, logOpened(namespace.eventHead));
  }

  /** To be called for each record in the order of the log, before anybody hears of its play's outcome. */
  tell(namespace: Namespace, news: readonly TopicNews[]): void {
    this.attend(namespace); // one that is new was not there when it was opened
    for (const { topic, ...part } of news) this.#broker.notify(namespace.circle, { topic, data: part });
    this.grown(namespace);
  }

  /** There is another record. Told to those who follow only, once: they read on, and say so again. */
  grown(namespace: Namespace): void {
    if (!this.#followed.delete(namespace)) return;
    setTimeout(() => this.#broker.notify(namespace.circle, logGrown(namespace.recordHead)), GATHER_MS).unref();
  }

  /** To be called before the log is read for one who follows it. */
  follow(namespace: Namespace): void {
    this.#followed.add(namespace);
  }

  isFollowed(namespace: Namespace): boolean {
    return this.#followed.has(namespace);
  }

  policyChanged({ circle }: Namespace): void {
    this.#broker.notify(circle, POLICY_CHANGED);
  }
}
