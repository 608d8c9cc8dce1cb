import { parseAddress } from "./connection/address.ts";
import type { Asked } from "./connection/calls.ts";
import { Connection, type ConnectionEvents, type ConnectionStatus } from "./connection/connection.ts";
import type { Address } from "./connection/session.ts";
import { ProtocolError } from "./errors.ts";
import type { Signer } from "./keys/signer.ts";
import { Play } from "./play.ts";
import { canonicalJson } from "./protocol/canonical-json.ts";
import { Deadline } from "./protocol/deadline.ts";
import type { Envelope } from "./protocol/envelope.ts";
import { ErrorCode, WireError } from "./protocol/errors.ts";
import { isTopic, SUBSCRIBE_SCRIPT } from "./protocol/events.ts";
import { makeTaskId, type PublicKey, parseTaskId, parseTraceId, type TaskId, type TraceId } from "./protocol/ids.ts";
import { DEFAULT_TIMEOUT_MS, MAX_ENVELOPE_LIFETIME_S } from "./protocol/limits.ts";
import type { Lane, Notifications } from "./protocol/messages.ts";
import { type ScriptFunction, scriptSource } from "./script.ts";
import { signPlay } from "./sign-play.ts";
import { type CircleInbox, makeInbox } from "./tools/inbox.ts";
import { type CircleLibrary, makeLibrary } from "./tools/library.ts";
import { type CircleLog, makeLog } from "./tools/log.ts";
import { type CirclePolicy, makePolicy } from "./tools/policy.ts";
import type { CircleEvent, SubscribeOptions } from "./topic-stream.ts";
import { Topics } from "./topics.ts";

export type ConnectOptions = {
  /** Who logs in and signs plays: `generateKeypair()`, or anything else that holds a key. */
  readonly signer: Signer;
  /** Time to connect and log in, each time. Default 10,000. */
  readonly timeoutMs?: number;
};

export type PlayOptions = {
  /** The deadline, 1 to 600,000. Default 30,000. */
  readonly timeoutMs?: number;
  /** Aborting it cancels the play. One that ended before has its outcome; the others reject with the signal's reason. */
  readonly signal?: AbortSignal;
  /** To send a play again that may have happened: it then has one effect and one outcome. Default: a new one. */
  readonly taskId?: string;
  /** `control`: beside the circle's other plays, for one that touches its policy, library, inbox and log only. */
  readonly lane?: Lane;
  /** 32 lowercase hex characters (trace-id of W3C Trace Context) that the relay's log lines about the play name. */
  readonly trace?: string;
};

export type AttachOptions = {
  /** Number of the last output that is known already. Default 0: none. */
  readonly after?: number;
  /** How long the outcome is waited for. Default 30,000. */
  readonly timeoutMs?: number;
  /** Aborting it cancels the play, as in `PlayOptions`. */
  readonly signal?: AbortSignal;
};

/** How much longer than the relay is given this side waits for its answer. */
const ANSWER_GRACE_MS = 2_000;
/** An envelope outlives its play's deadline by this, for clocks that differ and for sending it again. */
const ENVELOPE_GRACE_S = 120;
/** A cancel that comes before its play, which has to be sent anew, is said again so often. */
const MOST_CANCELS = 5;

/**
 * Dials a circle, `ws://host:port/{public key}`, and logs in. A connection that is lost later heals by itself, until
 * `close()` or until a login is refused.
 * @throws {TypeError} if the URL has not that form. Rejects with `ConnectionError` if the relay cannot be reached,
 * `NonceRefused` if it is not the relay it seems to be, `WireError` if it refuses the login, `DelegationRefused` if the
 * signer's delegation does not count here now.
 */
export async function connect(url: string, options: ConnectOptions): Promise<Circle> {
  return connectTo(parseAddress(url), options);
}

/** As `connect`, wherever transports come from. */
export async function connectTo(address: Address, { signer, timeoutMs = 10_000 }: ConnectOptions): Promise<Circle> {
  const plays: PlaysById = new Map();
  const onNotification = (method: string, params: unknown) => {
    if (method === "play_event") receiveOutput(plays, params);
    if (method === "event") topics.receive((params ?? {}) as Notifications["event"]);
    if (method === "event_end") topics.receiveEnd((params ?? {}) as Notifications["event_end"]);
  };
  const { circle } = address;
  const topics = new Topics(
    (...asked) => connection.request({ ask: () => asked, deadline: new Deadline(DEFAULT_TIMEOUT_MS) }),
    async (topic) => {
      const play = { circle, id: makeTaskId(), script: SUBSCRIBE_SCRIPT, args: canonicalJson({ topic }) };
      const { clockOffsetS } = connection;
      return {
        task_id: play.id,
        envelope: await signPlay(play, { signer, clockOffsetS, lifetimeS: MAX_ENVELOPE_LIFETIME_S }),
      };
    },
  );
  const connection = await Connection.open({ address, signer, timeoutMs, onNotification });
  connection.on("open", () => topics.reopened());
  connection.on("closed", ({ error }) => topics.end(error));
  return new Circle({ connection, signer, circle, plays, topics });
}

/** Plays under way; one that was attached to is there more than once. */
type PlaysById = Map<TaskId, Set<Play<unknown>>>;

type CircleParts = {
  readonly connection: Connection;
  readonly signer: Signer;
  readonly circle: PublicKey;
  readonly plays: PlaysById;
  readonly topics: Topics;
};

type SentPlay = {
  readonly id: TaskId;
  readonly script: string;
  /** Canonical JSON. */
  readonly args: string;
  readonly timeoutMs: number;
  readonly lane: Lane | undefined;
  readonly trace: TraceId | undefined;
};

/** A peer's circle, as a caller who logged in holds it. */
export class Circle {
  /** The key of the peer whose circle this is. */
  readonly publicKey: PublicKey;
  /** The key that plays here. */
  readonly caller: PublicKey;
  /** Resolves with the reason when the connection is closed for good, from whichever side. */
  readonly closed: Promise<string>;
  /** Who may do what here. */
  readonly policy: CirclePolicy;
  /** The circle's own API, which `call` calls. */
  readonly library: CircleLibrary;
  /** Plays that wait for the owner. */
  readonly inbox: CircleInbox;
  /** What happened here. */
  readonly log: CircleLog;
  readonly #parts: CircleParts;
  /** Plays are sent in the order of the calls, however long each takes to be signed. */
  #lastSent: Promise<unknown> = Promise.resolve();

  constructor(parts: CircleParts) {
    this.publicKey = parts.circle;
    this.caller = parts.signer.publicKey;
    this.#parts = parts;
    this.closed = new Promise((resolve) => {
      parts.connection.on("closed", ({ reason }) => resolve(reason));
    });
    const play = <Result>(script: string, args?: unknown) => this.play<Result>(script, args, { lane: "control" });
    this.policy = makePolicy(play);
    this.library = makeLibrary(play);
    this.inbox = makeInbox(play, parts.topics);
    this.log = makeLog(play, (topic, options) => this.#hear(topic, options));
  }

  /**
   * Runs a script in this circle: JavaScript or TypeScript as text, or a function, which is sent as its source and
   * called with a `PlayContext`. `args` is any JSON value. The play is signed, and happens at most once.
   * @throws {TypeError} if args are not JSON, the task id has not its form, or the function has no source.
   */
  play<Args, Result>(
    script: ScriptFunction<Args, Result>,
    args: Args,
    options?: PlayOptions,
  ): Play<Awaited<Result> extends void ? null : Awaited<Result>>;
  play<Result>(script: ScriptFunction<undefined, Result>): Play<Awaited<Result> extends void ? null : Awaited<Result>>;
  play<Result = unknown>(script: string, args?: unknown, options?: PlayOptions): Play<Result>;
  play(
    script: string | ScriptFunction<never, unknown>,
    args?: unknown,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal, taskId, lane, trace }: PlayOptions = {},
  ): Play<unknown> {
    const id = taskId === undefined ? makeTaskId() : parseTaskId(taskId);
    const sent = {
      id,
      script: scriptSource(script),
      args: canonicalJson(args),
      timeoutMs,
      lane,
      trace: trace === undefined ? trace : parseTraceId(trace),
    };
    const isFunction = typeof script === "function";
    return this.#follow({ id, timeoutMs, signal, isFunction, send: (play) => this.#send(sent, play) });
  }

  /** Calls a function of the circle's own API: a play of `circle.<name>(...args)`. Arguments and result are JSON. */
  call<Result = unknown>(name: string, ...args: unknown[]): Play<Result> {
    return this.play<Result>("circle[args.name](...args.args)", { name, args });
  }

  /** Follows a play of this caller that was sent before, from anywhere: its outputs after number `after`, its outcome. */
  attach<Result = unknown>(
    taskId: string,
    { after = 0, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: AttachOptions = {},
  ): Play<Result> {
    const id = parseTaskId(taskId);
    const send = async (play: Play<unknown>) => {
      await this.#lastSent;
      return this.#parts.connection.request({
        ask: () => ["attach", { task_id: id, after: play.lastOutput }],
        deadline: play.deadline,
        isToBeAskedAgain: isTimedOut, // the relay's time for one call is over, and ours is not
      });
    };
    return this.#follow({ id, timeoutMs, signal, after, send }) as Play<Result>;
  }

  /**
   * Events that plays emit to a topic, each once and in order, over whatever connections that takes: from those after number
   * `after` on, or from now on. Needs the capability `subscribe:<topic>`; the iteration rejects with `WireError` -32003
   * without it, also when it is taken away later, and with `ConnectionError` when the connection is closed for good.
   * @throws {TypeError} if that is no topic, or `after` no number of an event.
   */
  subscribe<Data = unknown>(
    topic: string,
    options: SubscribeOptions = {},
  ): AsyncIterableIterator<CircleEvent<Data>, undefined> {
    if (!isTopic(topic)) {
      throw new TypeError("topic: expected 1 to 200 characters that do not begin with $, got another text");
    }
    return this.#hear<Data>(topic, options);
  }

  #hear<Data>(topic: string, options: SubscribeOptions): AsyncIterableIterator<CircleEvent<Data>, undefined> {
    const { after = 0 } = options;
    if (!Number.isSafeInteger(after) || after < 0) {
      throw new TypeError("after: expected the id of an event, got another value");
    }
    const { events, sent } = this.#parts.topics.subscribe<Data>(topic, options);
    // What is played after this is heard.
    this.#lastSent = Promise.all([this.#lastSent, sent]).catch(() => {});
    return events;
  }

  /** How the connection stands. */
  get status(): ConnectionStatus {
    return this.#parts.connection.status;
  }

  /**
   * Hears of the connection: `connecting` when it was lost, `open` when it is there again, `closed` for good. Answers what ends
   * that.
   */
  on<K extends keyof ConnectionEvents>(kind: K, listener: (event: ConnectionEvents[K]) => void): () => void {
    return this.#parts.connection.on(kind, listener);
  }

  /** Closes the connection for good. Plays that were sent go on. */
  close(): void {
    this.#parts.connection.close();
  }

  #follow({ id, timeoutMs, signal, send, ...given }: FollowedPlay): Play<unknown> {
    const { plays, connection } = this.#parts;
    const deadline = new Deadline(timeoutMs + ANSWER_GRACE_MS, { clockOffsetMs: connection.clockOffsetS * 1000 });
    const play = new Play<unknown>({ ...given, id, deadline, signal, cancel: () => this.#cancel(id), send });
    const ofThisId = plays.get(id) ?? new Set();
    plays.set(id, ofThisId.add(play));
    const forget = () => {
      ofThisId.delete(play);
      if (ofThisId.size === 0) plays.delete(id);
    };
    play.played.then(forget, forget);
    return play;
  }

  async #send(sent: SentPlay, play: Play<unknown>): Promise<unknown> {
    const { id, script, args, timeoutMs, lane, trace } = sent;
    const signed = this.#sign(sent);
    signed.catch(() => {}); // heard of below, when the plays before it are sent
    const sending = this.#lastSent.then(async () => {
      const envelope = await signed;
      const signedParams = { script, args: JSON.parse(args) as unknown, task_id: id, timeout_ms: timeoutMs, envelope };
      const params = { ...signedParams, ...(lane ? { lane } : {}), ...(trace ? { trace } : {}) };
      let [isKnown, isForgotten] = [false, false];
      const ask = (): Asked => {
        isKnown = play.lastOutput > 0 && !isForgotten; // the rest of its outputs is enough then
        return isKnown ? ["attach", { task_id: id, after: play.lastOutput }] : ["play", params];
      };
      const answer = this.#parts.connection.request({
        ask,
        deadline: play.deadline,
        // A relay that began anew knows nothing of it.
        isToBeAskedAgain: (error) => {
          if (isKnown && isUnknownTask(error)) isForgotten = true;
          return isKnown && (isForgotten || isTimedOut(error));
        },
      });
      // Handed on in an object: the next play is to wait for the sending, not for the answer.
      return { answer };
    });
    this.#lastSent = sending.catch(() => {});
    const { answer } = await sending;
    return answer;
  }

  async #cancel(id: TaskId): Promise<boolean> {
    await this.#lastSent; // the relay is to know the play before it hears of its end
    let times = 0;
    const answer = await this.#parts.connection.request({
      ask: () => {
        times += 1;
        return ["cancel", { task_id: id }];
      },
      deadline: new Deadline(DEFAULT_TIMEOUT_MS + ANSWER_GRACE_MS),
      isToBeAskedAgain: (error) => isUnknownTask(error) && times > 1 && times < MOST_CANCELS,
    });
    return (answer as { cancelled: boolean }).cancelled;
  }

  #sign({ id, script, args, timeoutMs }: SentPlay): Promise<Envelope> {
    const { signer, circle, connection } = this.#parts;
    const lifetimeS = Math.ceil(timeoutMs / 1000) + ENVELOPE_GRACE_S;
    return signPlay(
      { circle, id, script, args, timeoutMs },
      { signer, clockOffsetS: connection.clockOffsetS, lifetimeS },
    );
  }
}

type FollowedPlay = {
  readonly id: TaskId;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly isFunction?: boolean;
  readonly after?: number;
  readonly send: (play: Play<unknown>) => Promise<unknown>;
};

function isUnknownTask(error: unknown): boolean {
  if (!(error instanceof WireError) || error.code !== ErrorCode.InvalidParams) return false;
  return (error.data as { param?: unknown } | undefined)?.param === "task_id";
}

function isTimedOut(error: unknown): boolean {
  return error instanceof WireError && error.code === ErrorCode.TimedOut;
}

function receiveOutput(plays: ReadonlyMap<TaskId, ReadonlySet<Play<unknown>>>, params: unknown): void {
  const { task_id, ...output } = (params ?? {}) as Notifications["play_event"];
  if (!Number.isSafeInteger(output.seq)) throw new ProtocolError("play_event: expected a number, got none");
  for (const play of plays.get(task_id) ?? []) play.receive(output);
}
