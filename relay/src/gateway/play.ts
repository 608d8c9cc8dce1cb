import { randomUUID } from "node:crypto";
import {
  DEFAULT_TIMEOUT_MS,
  ErrorCode,
  type Methods,
  type PlayResult,
  parseAttach,
  parseCancel,
  parsePlay,
  type TaskId,
  WireError,
  writeNotification,
} from "@circles/sdk/protocol";
import { type Broker, UnknownTask } from "../broker/broker.ts";
import { type Event, hashTask, type Outcome, type TaskKey, taskKey, VOUCHED_IN_PROCESS } from "../task.ts";
import type { Connection } from "./connection.ts";

/** How much longer than its deadline a caller's wait may take, so that a known outcome wins over an unknown one. */
const DEADLINE_GRACE_MS = 50;

/** The calls by which a session plays. A closed connection ends its waits; its plays go on and can be attached to. */
export class Plays {
  readonly #broker: Broker;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  async play(params: unknown, connection: Connection): Promise<PlayResult> {
    const { caller } = connection.requireSession();
    const { script, args, taskId, timeoutMs, envelope } = parsePlay(params);
    const id = taskId ?? (randomUUID() as string as TaskId);
    const { circle, closed } = connection;
    const wait = timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const proof = envelope ? ({ kind: "envelope", envelope } as const) : VOUCHED_IN_PROCESS;
    const deadline = Date.now() + wait;
    const task = { id, circle, caller, script, args, hashes: hashTask({ script, args }), timeoutMs, deadline, proof };
    return connection.playing(script.length + args.length, () => {
      // Without an id of its own the caller could not tell what events belong to: it gets the answer and nothing else,
      // as a client expects that knows only the specification's methods.
      const onEvent = (event: Event) => sendEvent(connection, id, event);
      return answer(this.#broker.submit(task, taskId ? { onEvent } : {}, closed), id, wait);
    });
  }

  async attach(params: unknown, connection: Connection): Promise<PlayResult> {
    const { taskId, after } = parseAttach(params);
    const onEvent = (event: Event) => sendEvent(connection, taskId, event);
    const follow = (key: TaskKey) => this.#broker.follow(key, { after, onEvent }, connection.closed);
    return connection.playing(0, () => answer(this.#forOneOf(connection, taskId, follow), taskId, DEFAULT_TIMEOUT_MS));
  }

  async cancel(params: unknown, connection: Connection): Promise<Methods["cancel"]["result"]> {
    const { taskId } = parseCancel(params);
    const cancel = async (key: TaskKey) => {
      await this.#broker.cancel(key);
      return this.#broker.follow(key, {}, connection.closed);
    };
    const { status } = await connection.playing(0, () =>
      within(this.#forOneOf(connection, taskId, cancel), taskId, DEFAULT_TIMEOUT_MS),
    );
    return { cancelled: status === "cancelled" };
  }

  /** A caller reaches its own tasks, an owner all of its circle. To anyone else a task is unknown. @throws {WireError} */
  async #forOneOf(connection: Connection, id: TaskId, use: (key: TaskKey) => Promise<Outcome>): Promise<Outcome> {
    const { caller } = connection.requireSession();
    const { circle } = connection;
    try {
      return await use(taskKey({ circle, caller, id }));
    } catch (error) {
      if (!(error instanceof UnknownTask)) throw error;
    }
    const key = caller === circle ? await this.#broker.find(circle, id) : undefined;
    if (key) return use(key);
    throw new WireError(ErrorCode.InvalidParams, "task_id: expected a task of this caller, got none that is known", {
      param: "task_id",
    });
  }
}

async function answer(wait: Promise<Outcome>, id: TaskId, timeoutMs: number): Promise<PlayResult> {
  const outcome = await within(wait, id, timeoutMs);
  if (outcome.status === "completed") {
    const { output, format, log } = outcome;
    return { output, format, task_id: id, log };
  }
  const { failure, log } = outcome;
  const data = { ...(failure.data as object | undefined), task_id: id, ...(log ? { log } : {}) };
  throw new WireError(failure.code, failure.message, data);
}

async function within(outcome: Promise<Outcome>, id: TaskId, timeoutMs: number): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const data = { limit: "timeout_ms", allowed: timeoutMs, outcome: "unknown", task_id: id };
      reject(new WireError(ErrorCode.TimedOut, "timed out: the outcome is not known yet; attach to learn it", data));
    }, timeoutMs + DEADLINE_GRACE_MS);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sendEvent(connection: Connection, task_id: TaskId, event: Event): void {
  connection.send(writeNotification("play_event", { task_id, ...event }));
}
