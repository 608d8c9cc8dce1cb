import type { Broker } from "../broker/broker.ts";
import { logOpened, POLICY_CHANGED } from "../broker/topic-notices.ts";
import type { TopicNews } from "../namespace/circle-events.ts";
import type { Namespace } from "../namespace/namespace.ts";

/** Tells gateways what their subscribers are to hear: of what was committed, and nothing else. */
export class News {
  readonly #broker: Pick<Broker, "notify">;
  readonly #attended = new WeakSet<Namespace>();

  constructor(broker: Pick<Broker, "notify">) {
    this.#broker = broker;
  }

  /** To be called when a circle is used: whoever had it before may have died between a commit and telling of it. */
  attend(namespace: Namespace): void {
    if (this.#attended.has(namespace)) return;
    this.#attended.add(namespace);
    if (namespace.exists) this.#broker.notify(namespace.circle, logOpened(namespace.eventHead));
  }

  /** To be called for each record in the order of the log, before anybody hears of its play's outcome. */
  tell({ circle }: Namespace, news: readonly TopicNews[]): void {
    for (const { topic, ...part } of news) this.#broker.notify(circle, { topic, data: part });
  }

  policyChanged({ circle }: Namespace): void {
    this.#broker.notify(circle, POLICY_CHANGED);
  }
}
