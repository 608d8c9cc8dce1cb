import { randomUUID } from "node:crypto";
import {
  type CheckedSubscribe,
  canonicalJson,
  DEFAULT_TIMEOUT_MS,
  ErrorCode,
  INBOX_TOPIC,
  isTopic,
  type LimitReached,
  LOG_TOPIC,
  type Methods,
  type PublicKey,
  parseSubscribe,
  parseTopic,
  SUBSCRIBE_SCRIPT,
  type TaskId,
  type TopicPart,
  WireError,
  writeNotification,
} from "@circles/sdk/protocol";
import type { Broker, Notice } from "../broker/broker.ts";
import { GAP_TOPIC, OPENED_TOPIC, POLICY_TOPIC } from "../broker/topic-notices.ts";
import { type Heard, hashTask, type Task } from "../task.ts";
import type { Connection } from "./connection.ts";
import { unsignedByDevice, type Vouch } from "./play.ts";
import { TaskWait } from "./task-wait.ts";
import { TopicSubscription } from "./topic-subscription.ts";

const MOST_SUBSCRIPTIONS = 100;

/** The calls by which a session hears of what happens. A subscription ends with its session. */
export class Subscriptions {
  readonly #broker: Pick<Broker, "listen" | "submit">;
  readonly #vouch: Vouch;
  readonly #ofConnections = new WeakMap<Connection, ConnectionTopics>();

  constructor(broker: Pick<Broker, "listen" | "submit">, vouch: Vouch) {
    this.#broker = broker;
    this.#vouch = vouch;
  }

  async subscribe(params: unknown, connection: Connection): Promise<Methods["subscribe"]["result"]> {
    const { caller, ends } = connection.requireSession();
    const asked = parseSubscribe(params);
    const { topic, after, envelope } = asked;
    const topics = this.#topicsOf(connection);
    if (topic === INBOX_TOPIC) {
      requireOwner(connection, "inbox");
      topics.hearInbox();
      return { subscribed: true };
    }
    requireTopic(topic, connection);
    if (ends !== undefined && !envelope) throw unsignedByDevice();
    const { subscription, signal } = topics.add(topic, caller, (end) => ({
      read: (from, isAgain) => this.#read(connection, caller, asked, { after: from, isAgain, signal: end }),
    }));
    try {
      const begun = await connection.playing({ waiting: false }, 0, () => subscription.begin(after));
      return signal.aborted ? { subscribed: topics.has(topic) } : { subscribed: true, ...begun };
    } catch (error) {
      if (signal.aborted) return { subscribed: topics.has(topic) };
      topics.remove(topic);
      throw error;
    }
  }

  unsubscribe(params: unknown, connection: Connection): Methods["unsubscribe"]["result"] {
    connection.requireSession();
    const { topic } = parseTopic(params);
    const topics = this.#topicsOf(connection);
    if (topic === INBOX_TOPIC) {
      requireOwner(connection, "inbox");
      topics.leaveInbox();
    } else {
      requireTopic(topic, connection);
      topics.remove(topic);
    }
    return { subscribed: false };
  }

  #topicsOf(connection: Connection): ConnectionTopics {
    const topics = this.#ofConnections.get(connection) ?? new ConnectionTopics(connection, this.#broker);
    this.#ofConnections.set(connection, topics);
    return topics;
  }

  /** Asks the circle's worker, who alone knows its policy. Rejects with what it refuses. */
  async #read(
    { circle }: Connection,
    caller: PublicKey,
    { topic, taskId, envelope }: CheckedSubscribe,
    { after, isAgain, signal }: { after: number | undefined; isAgain: boolean; signal: AbortSignal },
  ): Promise<Heard> {
    const id = envelope && taskId ? taskId : newId();
    const texts = { script: SUBSCRIBE_SCRIPT, args: canonicalJson({ topic }) };
    const queuedAt = Date.now();
    const unproven: Omit<Task, "proof"> = {
      ...texts,
      id,
      circle,
      caller,
      hashes: hashTask(texts),
      deadline: queuedAt + DEFAULT_TIMEOUT_MS,
      lane: "events",
      after,
      queuedAt,
      ...(isAgain ? { again: true } : {}),
    };
    const task = { ...unproven, proof: envelope ? ({ kind: "envelope", envelope } as const) : this.#vouch(unproven) };
    const wait = new TaskWait({ id, timeoutMs: DEFAULT_TIMEOUT_MS, patient: false });
    const outcome = await wait.until(this.#broker.submit(task, {}, signal));
    if (outcome.status === "answered") return JSON.parse(outcome.output) as Heard;
    if (outcome.status === "completed") {
      throw new WireError(ErrorCode.TaskIdReused, "task id: expected a new one, got that of a play");
    }
    const { code, message, data } = outcome.failure;
    throw new WireError(code, message, data);
  }
}

type Subscribed = { readonly subscription: TopicSubscription; readonly end: AbortController };
type ReadsOf = (signal: AbortSignal) => Pick<ConstructorParameters<typeof TopicSubscription>[0], "read">;

/** What one connection is subscribed to. It listens to its circle while that is anything. */
class ConnectionTopics {
  readonly #connection: Connection;
  readonly #broker: Pick<Broker, "listen">;
  readonly #topics = new Map<string, Subscribed>();
  #hearsInbox = false;
  #listening: AbortController | undefined;

  constructor(connection: Connection, broker: Pick<Broker, "listen">) {
    this.#connection = connection;
    this.#broker = broker;
    connection.closed.addEventListener("abort", () => this.#end(), { once: true });
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  hearInbox(): void {
    this.#hearsInbox = true;
    this.#listen();
  }

  leaveInbox(): void {
    this.#hearsInbox = false;
    this.#listenNoMore();
  }

  /** In place of the one that there was. @throws {WireError} -32004 if there are too many. */
  add(topic: string, caller: PublicKey, readsOf: ReadsOf): { subscription: TopicSubscription; signal: AbortSignal } {
    const used = this.#topics.size;
    if (used >= MOST_SUBSCRIPTIONS && !this.#topics.has(topic)) {
      const data: LimitReached = { limit: "subscriptions", used, allowed: MOST_SUBSCRIPTIONS };
      throw new WireError(ErrorCode.LimitReached, `limit reached: subscriptions of ${MOST_SUBSCRIPTIONS}`, data);
    }
    this.#topics.get(topic)?.end.abort();
    const connection = this.#connection;
    const end = new AbortController();
    const { signal } = end;
    if (connection.closed.aborted) end.abort();
    const subscription = new TopicSubscription({
      ...readsOf(signal),
      signal,
      hasRoom: () => connection.hasRoom,
      room: () => connection.room(),
      send: (event) => {
        // A connection can be logged in to anew, as somebody else.
        if (connection.session?.caller !== caller) this.remove(topic);
        else connection.send(writeNotification("event", { topic, ...event }));
      },
      onEnd: ({ code, message, data }) => {
        const isOwn = connection.session?.caller === caller;
        this.remove(topic);
        const error = { code, message, ...(data === undefined ? {} : { data }) };
        if (isOwn) connection.send(writeNotification("event_end", { topic, ...error }));
      },
    });
    this.#topics.set(topic, { subscription, end });
    this.#listen();
    return { subscription, signal };
  }

  remove(topic: string): void {
    this.#topics.get(topic)?.end.abort();
    this.#topics.delete(topic);
    this.#listenNoMore();
  }

  #end(): void {
    for (const topic of this.#topics.keys()) this.remove(topic);
    this.leaveInbox();
  }

  #listen(): void {
    if (this.#listening || this.#connection.closed.aborted) return;
    this.#listening = new AbortController();
    this.#broker.listen(this.#connection.circle, (notice) => this.#hear(notice), this.#listening.signal);
  }

  #listenNoMore(): void {
    if (this.#hearsInbox || this.#topics.size > 0) return;
    this.#listening?.abort();
    this.#listening = undefined;
  }

  #hear({ topic, data }: Notice): void {
    const connection = this.#connection;
    switch (topic) {
      case INBOX_TOPIC:
        if (!this.#hearsInbox || connection.session?.caller !== connection.circle) return;
        connection.send(writeNotification("event", { topic, data }));
        return;
      case POLICY_TOPIC:
      case GAP_TOPIC:
        for (const { subscription } of this.#topics.values()) subscription.check();
        return;
      case OPENED_TOPIC:
        for (const [subscribed, { subscription }] of this.#topics) {
          // Whoever has opened it does not know that its log is followed.
          if (subscribed === LOG_TOPIC) subscription.check();
          else subscription.reach((data as { head: number }).head);
        }
        return;
      case LOG_TOPIC:
        this.#topics.get(topic)?.subscription.reach((data as { head: number }).head);
        return;
      default:
        this.#topics.get(topic)?.subscription.hear(data as TopicPart);
    }
  }
}

/** A stranger gets the same answer whatever there is. @throws {WireError} -32003 for who is not the owner. */
function requireOwner(connection: Connection, capability: "inbox" | "log"): void {
  if (connection.session?.caller === connection.circle) return;
  throw new WireError(ErrorCode.Denied, `denied: the circle's ${capability} is its owner's`, { capability });
}

/** @throws {WireError} -32602, and -32003 for a log that is somebody else's. */
function requireTopic(topic: string, connection: Connection): void {
  if (isTopic(topic)) return;
  if (topic === LOG_TOPIC) {
    requireOwner(connection, "log");
    return;
  }
  const message = `topic: expected ${INBOX_TOPIC}, ${LOG_TOPIC} or one that does not begin with $, got another`;
  throw new WireError(ErrorCode.InvalidParams, message, { param: "topic" });
}

function newId(): TaskId {
  return randomUUID() as string as TaskId;
}
