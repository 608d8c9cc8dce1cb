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
import {
  type Event,
  hashTask,
  makeTrace,
  type Outcome,
  type Proof,
  type Task,
  type TaskKey,
  taskKey,
} from "../task.ts";
import { CallFailed } from "./call-failed.ts";
import type { Connection } from "./connection.ts";
import { timingOf } from "./play-timing.ts";
import { TaskWait } from "./task-wait.ts";

/** What makes a worker believe that a caller asked for a play, where the caller did not sign it. */
export type Vouch = (task: Omit<Task, "proof">) => Proof;

/** The calls by which a session plays. A closed connection ends its waits; its plays go on and can be attached to. */
export class Plays {
  readonly #broker: Broker;
  readonly #vouch: Vouch;

  /** `vouch` says of a play without an envelope that its caller asked for it. */
  constructor(broker: Broker, vouch: Vouch) {
    this.#broker = broker;
    this.#vouch = vouch;
  }

  async play(params: unknown, connection: Connection): Promise<PlayResult> {
    const began = performance.now();
    const { caller, ends } = connection.requireSession();
    const { script, args, taskId, timeoutMs, envelope, lane, trace = makeTrace() } = parsePlay(params);
    if (ends !== undefined && !envelope) throw unsignedByDevice();
    const id = taskId ?? (randomUUID() as string as TaskId);
    const { circle, closed } = connection;
    const timeout = timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const queuedAt = Date.now();
    const deadline = queuedAt + timeout;
    const hashes = hashTask({ script, args });
    // The control lane is for owners to rule beside whatever runs: nobody else may stand in their way there.
    const line = caller === circle ? lane : undefined;
    const unproven = { id, circle, caller, script, args, hashes, timeoutMs, deadline, lane: line, trace, queuedAt };
    const task = { ...unproven, proof: envelope ? ({ kind: "envelope", envelope } as const) : this.#vouch(unproven) };
    // Without an id of its own the caller could not tell what events belong to: it gets the answer and nothing else, in
    // its time, as a client expects that knows only the specification's methods.
    const wait = new TaskWait({ id, timeoutMs: timeout, patient: taskId !== undefined });
    const onEvent = (event: Event) => {
      wait.observe(event);
      if (taskId) sendEvent(connection, id, event);
    };
    const about = { task: id, trace };
    connection.log.debug({ ...about, caller }, "play: asked for");
    try {
      const outcome = await connection.playing(wait, script.length + args.length, () =>
        wait.until(this.#broker.submit(task, { onEvent }, closed)),
      );
      const timing = timingOf(outcome, performance.now() - began);
      const result = { ...resultOf(outcome, id), ...(timing ? { timing } : {}) };
      connection.log.debug(about, "play: answered");
      return result;
    } catch (error) {
      if (!(error instanceof WireError)) throw new CallFailed(error, about);
      connection.log.debug({ ...about, code: error.code }, "play: answered");
      throw error;
    }
  }

  async attach(params: unknown, connection: Connection): Promise<PlayResult> {
    const { taskId, after } = parseAttach(params);
    const wait = new TaskWait({ id: taskId, timeoutMs: DEFAULT_TIMEOUT_MS, patient: true });
    const onEvent = (event: Event) => {
      wait.observe(event);
      sendEvent(connection, taskId, event);
    };
    const follow = (key: TaskKey) => this.#broker.follow(key, { after, onEvent }, connection.closed);
    const end = () => wait.until(this.#forOneOf(connection, taskId, follow));
    return resultOf(await connection.playing(wait, 0, end), taskId);
  }

  async cancel(params: unknown, connection: Connection): Promise<Methods["cancel"]["result"]> {
    const { taskId } = parseCancel(params);
    const cancel = async (key: TaskKey) => {
      await this.#broker.cancel(key);
      return this.#broker.follow(key, {}, connection.closed);
    };
    const wait = new TaskWait({ id: taskId, timeoutMs: DEFAULT_TIMEOUT_MS, patient: false });
    const { status } = await connection.playing(wait, 0, () => wait.until(this.#forOneOf(connection, taskId, cancel)));
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

/** A worker has to see which device it was: its circle may have revoked it. */
export function unsignedByDevice(): WireError {
  const message = "envelope: expected a device to sign plays and subscriptions, got one without";
  return new WireError(ErrorCode.InvalidParams, message, { param: "envelope" });
}

/** @throws {WireError} what ended a play that did not complete. */
function resultOf(outcome: Outcome, id: TaskId): PlayResult {
  if (outcome.status === "completed") {
    const { output, format, log } = outcome;
    return { output, format, task_id: id, log };
  }
  if (outcome.status === "answered") {
    throw new WireError(ErrorCode.TaskIdReused, "task id: expected that of a play, got that of a subscription");
  }
  const { failure, log } = outcome;
  const data = { ...(failure.data as object | undefined), task_id: id, ...(log ? { log } : {}) };
  throw new WireError(failure.code, failure.message, data);
}

function sendEvent(connection: Connection, task_id: TaskId, event: Event): void {
  connection.send(writeNotification("play_event", { task_id, ...event }));
}
