import { Calls } from "./connection/calls.ts";
import type { Transport } from "./connection/transport.ts";
import { openWebSocket } from "./connection/websocket.ts";
import { ConnectionError, ProtocolError } from "./errors.ts";
import { sha256Hex } from "./keys/hash.ts";
import { checkNonce } from "./keys/login.ts";
import { canonicalPublicKey } from "./keys/public-key.ts";
import type { Signer } from "./keys/signer.ts";
import { Play } from "./play.ts";
import { canonicalJson } from "./protocol/canonical-json.ts";
import { Deadline } from "./protocol/deadline.ts";
import type { Envelope } from "./protocol/envelope.ts";
import { makeTaskId, type PublicKey, parseTaskId, parseTraceId, type TaskId, type TraceId } from "./protocol/ids.ts";
import { DEFAULT_TIMEOUT_MS } from "./protocol/limits.ts";
import type { Lane, Notifications, PlayResult } from "./protocol/messages.ts";
import { type ScriptFunction, scriptSource } from "./script.ts";
import { type CircleInbox, makeInbox } from "./tools/inbox.ts";
import { type CircleLibrary, makeLibrary } from "./tools/library.ts";
import { type CircleLog, makeLog } from "./tools/log.ts";
import { type CirclePolicy, makePolicy } from "./tools/policy.ts";
import { Topics } from "./topics.ts";

export type ConnectOptions = {
  /** Who logs in and signs plays: `generateKeypair()`, or anything else that holds a key. */
  readonly signer: Signer;
  /** Time to connect and log in. Default 10,000. */
  readonly timeoutMs?: number;
};

export type PlayOptions = {
  /** The deadline, 1 to 600,000. Default 30,000. */
  readonly timeoutMs?: number;
  /** To send a play again that may have happened: it then has one effect and one outcome. Default: a new one. */
  readonly taskId?: string;
  /** `control`: beside the circle's other plays, for one that touches its policy, library, inbox and log only. */
  readonly lane?: Lane;
  /** 32 lowercase hex characters (trace-id of W3C Trace Context) that the relay's log lines about the play name. */
  readonly trace?: string;
};

/** How much longer than the relay is given this side waits for its answer. */
const ANSWER_GRACE_MS = 2_000;
/** An envelope outlives its play's deadline by this, for clocks that differ and for sending it again. */
const ENVELOPE_GRACE_S = 120;

/**
 * Dials a circle, `ws://host:port/{public key}`, and logs in.
 * @throws {TypeError} if the URL has not that form. Rejects with `ConnectionError` if the relay cannot be reached,
 * `NonceRefused` if it is not the relay it seems to be, `WireError` if it refuses the login, `DelegationRefused` if the
 * signer's delegation does not count here now.
 */
export async function connect(url: string, { signer, timeoutMs = 10_000 }: ConnectOptions): Promise<Circle> {
  const { href, host, circle } = parseCircleUrl(url);
  const end = Date.now() + timeoutMs;
  const transport = await openWebSocket(href, AbortSignal.timeout(timeoutMs));
  return login({ transport, signer, circle, host, timeoutMs: Math.max(1, end - Date.now()) });
}

/** Logs in over a transport that is open already. */
export async function login(parts: {
  readonly transport: Transport;
  readonly signer: Signer;
  readonly circle: PublicKey;
  readonly host: string;
  readonly timeoutMs: number;
}): Promise<Circle> {
  const { transport, signer, circle, host, timeoutMs } = parts;
  const plays = new Map<TaskId, Set<Play<unknown>>>();
  let end: (reason: string) => void = () => {};
  const closed = new Promise<string>((resolve) => {
    end = resolve;
  });
  const calls = new Calls(transport, {
    onNotification: (method, params) => {
      if (method === "play_event") receiveOutput(plays, params);
      if (method === "event") topics.receive((params ?? {}) as Notifications["event"]);
    },
    onClose: (reason) => {
      topics.end(new ConnectionError(`connection: ${reason}`));
      end(reason);
    },
  });
  const topics = new Topics(calls);
  try {
    const { delegation } = signer;
    const pubkey = delegation?.device ?? signer.publicKey;
    const { nonce } = await calls.call("fetch_nonce", { pubkey }, timeoutMs);
    const clockOffsetS = checkNonce(nonce, { circle, host });
    const signature = await signer.signLogin(nonce, { circle, host });
    await calls.call("authenticate", { pubkey, signature, ...(delegation ? { delegation } : {}) }, timeoutMs);
    return new Circle({ calls, signer, circle, plays, topics, closed, clockOffsetS });
  } catch (error) {
    calls.close();
    throw error;
  }
}

type CircleParts = {
  readonly calls: Calls;
  readonly signer: Signer;
  readonly circle: PublicKey;
  /** Plays under way; one that was attached to is there more than once. */
  readonly plays: Map<TaskId, Set<Play<unknown>>>;
  readonly topics: Topics;
  readonly closed: Promise<string>;
  readonly clockOffsetS: number;
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
  /** Resolves with the reason when the connection ends, from whichever side. */
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
    this.closed = parts.closed;
    this.#parts = parts;
    const play = <Result>(script: string, args?: unknown) => this.play<Result>(script, args, { lane: "control" });
    this.policy = makePolicy(play);
    this.library = makeLibrary(play);
    this.inbox = makeInbox(play, parts.topics);
    this.log = makeLog(play);
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
  ): Play<Awaited<Result> extends undefined ? null : Awaited<Result>>;
  play<Result>(
    script: ScriptFunction<undefined, Result>,
  ): Play<Awaited<Result> extends undefined ? null : Awaited<Result>>;
  play<Result = unknown>(script: string, args?: unknown, options?: PlayOptions): Play<Result>;
  play(
    script: string | ScriptFunction<never, unknown>,
    args?: unknown,
    { timeoutMs = DEFAULT_TIMEOUT_MS, taskId, lane, trace }: PlayOptions = {},
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
    const deadline = this.#deadline(timeoutMs);
    return this.#follow(id, deadline, this.#send(sent, deadline));
  }

  /** Calls a function of the circle's own API: a play of `circle.<name>(...args)`. Arguments and result are JSON. */
  call<Result = unknown>(name: string, ...args: unknown[]): Play<Result> {
    return this.play<Result>("circle[args.name](...args.args)", { name, args });
  }

  /** Follows a play of this caller that was sent before, from anywhere: its outputs after number `after`, its outcome. */
  attach<Result = unknown>(taskId: string, { after = 0 }: { after?: number } = {}): Play<Result> {
    const task_id = parseTaskId(taskId);
    const deadline = this.#deadline(DEFAULT_TIMEOUT_MS);
    const attached = this.#lastSent.then(() => this.#parts.calls.call("attach", { task_id, after }, deadline));
    return this.#follow(task_id, deadline, attached) as Play<Result>;
  }

  /** Closes the connection. Plays that were sent go on. */
  close(): void {
    this.#parts.calls.close();
  }

  #deadline(timeoutMs: number): Deadline {
    return new Deadline(timeoutMs + ANSWER_GRACE_MS, { clockOffsetMs: this.#parts.clockOffsetS * 1000 });
  }

  #follow(id: TaskId, deadline: Deadline, result: Promise<PlayResult>): Play<unknown> {
    const { plays, calls } = this.#parts;
    const cancel = async () => {
      await this.#lastSent; // the relay is to know the play before it hears of its end
      const { cancelled } = await calls.call("cancel", { task_id: id }, DEFAULT_TIMEOUT_MS + ANSWER_GRACE_MS);
      return cancelled;
    };
    const play = new Play<unknown>({ id, result, cancel, deadline });
    const ofThisId = plays.get(id) ?? new Set();
    plays.set(id, ofThisId.add(play));
    const forget = () => {
      ofThisId.delete(play);
      if (ofThisId.size === 0) plays.delete(id);
    };
    play.played.then(forget, forget);
    return play;
  }

  async #send(play: SentPlay, deadline: Deadline): Promise<PlayResult> {
    const { calls } = this.#parts;
    const { id, script, args, timeoutMs, lane, trace } = play;
    const signed = this.#sign(play);
    signed.catch(() => {}); // heard of below, when the plays before it are sent
    const sent = this.#lastSent.then(async () => {
      const envelope = await signed;
      const signedParams = { script, args: JSON.parse(args) as unknown, task_id: id, timeout_ms: timeoutMs, envelope };
      const params = { ...signedParams, ...(lane ? { lane } : {}), ...(trace ? { trace } : {}) };
      // Handed on in an object: the next play is to wait for the sending, not for the answer.
      return { answer: calls.call("play", params, deadline) };
    });
    this.#lastSent = sent.catch(() => {});
    const { answer } = await sent;
    return answer;
  }

  async #sign({ id, script, args, timeoutMs }: SentPlay): Promise<Envelope> {
    const { signer, circle, clockOffsetS } = this.#parts;
    const issuedAt = Math.floor(Date.now() / 1000) + clockOffsetS;
    const expiresAt = issuedAt + Math.ceil(timeoutMs / 1000) + ENVELOPE_GRACE_S;
    const signature = await signer.signPlay({
      circle,
      caller: signer.publicKey,
      taskId: id,
      script: sha256Hex(script),
      args: sha256Hex(args),
      timeoutMs,
      issuedAt,
      expiresAt,
    });
    const { delegation } = signer;
    return { issued_at: issuedAt, expires_at: expiresAt, signature, ...(delegation ? { delegation } : {}) };
  }
}

function parseCircleUrl(url: string): { href: string; host: string; circle: PublicKey } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !["ws:", "wss:"].includes(parsed.protocol)) {
    throw new TypeError("url: expected ws://host:port/{circle public key}, got another form");
  }
  const circle = canonicalPublicKey(parsed.pathname.slice(1));
  return { href: `${parsed.protocol}//${parsed.host}/${circle}`, host: parsed.host, circle };
}

function receiveOutput(plays: ReadonlyMap<TaskId, ReadonlySet<Play<unknown>>>, params: unknown): void {
  const { task_id, ...output } = (params ?? {}) as Notifications["play_event"];
  if (!Number.isSafeInteger(output.seq)) throw new ProtocolError("play_event: expected a number, got none");
  for (const play of plays.get(task_id) ?? []) play.receive(output);
}
