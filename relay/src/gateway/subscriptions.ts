import { ErrorCode, INBOX_TOPIC, type Methods, parseTopic, WireError, writeNotification } from "@circles/sdk/protocol";
import type { Broker } from "../broker/broker.ts";
import type { Connection } from "./connection.ts";

/** The calls by which a session hears of what happens. A subscription ends with its connection. */
export class Subscriptions {
  readonly #broker: Pick<Broker, "listen">;
  /** Of each connection that listens to its circle's inbox: what ends that. */
  readonly #inboxes = new WeakMap<Connection, AbortController>();

  constructor(broker: Pick<Broker, "listen">) {
    this.#broker = broker;
  }

  subscribe(params: unknown, connection: Connection): Methods["subscribe"]["result"] {
    requireOwnInbox(params, connection);
    if (this.#inboxes.has(connection)) return { subscribed: true };
    const end = new AbortController();
    this.#inboxes.set(connection, end);
    const signal = AbortSignal.any([end.signal, connection.closed]);
    const { circle } = connection;
    const onNotice = ({ topic, data }: { topic: string; data: unknown }) => {
      // A connection can be logged in to anew, as somebody else.
      if (topic !== INBOX_TOPIC || connection.session?.caller !== circle) return;
      connection.send(writeNotification("event", { topic, data }));
    };
    this.#broker.listen(circle, onNotice, signal);
    return { subscribed: true };
  }

  unsubscribe(params: unknown, connection: Connection): Methods["unsubscribe"]["result"] {
    requireOwnInbox(params, connection);
    this.#inboxes.get(connection)?.abort();
    this.#inboxes.delete(connection);
    return { subscribed: false };
  }
}

/**
 * A stranger gets the same answer whatever there is.
 * @throws {WireError} -32601 for other topics, -32003 for who is not the owner.
 */
function requireOwnInbox(params: unknown, connection: Connection): void {
  const { caller } = connection.requireSession();
  const { topic } = parseTopic(params);
  if (topic !== INBOX_TOPIC) {
    throw new WireError(ErrorCode.MethodNotFound, "method: topics other than $inbox are not served yet");
  }
  if (caller === connection.circle) return;
  throw new WireError(ErrorCode.Denied, "denied: the circle's inbox is its owner's", { capability: "inbox" });
}
