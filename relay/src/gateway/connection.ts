import { setMaxListeners } from "node:events";
import type { Writable } from "node:stream";
import { ErrorCode, type LimitReached, type PublicKey, WireError } from "@circles/sdk/protocol";
import type { Logger } from "pino";
import type { WebSocket } from "ws";

/** A peer that logged in on a connection. `ends`: by a device, whose delegation ends then, in Unix milliseconds. */
export type Session = { readonly caller: PublicKey; readonly ends?: number };

/** A call that waits for a task; `waiting`: and the task for the circle's owner. */
export type Wait = { readonly waiting: boolean };

export type ConnectionOptions = {
  readonly socket: WebSocket;
  /** What the socket writes to. */
  readonly stream: Writable;
  readonly circle: PublicKey;
  /** The name of this relay that was dialled. */
  readonly host: string;
  /** Where its peer is, as far as that is known. */
  readonly address: string;
  readonly log: Logger;
  /** Told of the bytes of each frame. */
  readonly onSent: (bytes: number) => void;
};

/** Plays that wait for their outcome on one connection, and the size of what they sent. */
const MOST_PLAYS = 1_024;
const MOST_PLAY_CHARACTERS = 16 * 2 ** 20;
/** What a peer may leave unread. One that reads slower than it asks is cut off before it costs the others' memory. */
const MOST_UNREAD_BYTES = 16 * 2 ** 20;
/** The same before login, when it takes no key to have many connections. */
const MOST_UNREAD_BYTES_OF_VISITOR = 2 ** 20;
/** Beyond, events wait in the log for their subscriber. */
const MOST_UNREAD_WITH_ROOM_BYTES = 2 ** 20;
/** How often it is looked whether there is room again. */
const ROOM_MS = 20;
const RETRY_AFTER_MS = 100;
/** The longest that a timer is set for: then clocks may have been set, and the longest session is longer than any timer. */
const MOST_TIMER_MS = 60 * 60 * 1000;
/** RFC 6455 §7.4.1. */
const POLICY_VIOLATION = 1008;
/** What a peer gets to say goodbye in. */
const CLOSE_MS = 2_000;

/** What the gateway knows of one socket. */
export class Connection {
  readonly circle: PublicKey;
  readonly host: string;
  readonly address: string;
  readonly log: Logger;
  #session: Session | undefined;
  #sessionEnd: NodeJS.Timeout | undefined;
  /** Its login failed: the answer to that is the last it gets. */
  refused = false;
  readonly #socket: WebSocket;
  readonly #stream: Writable;
  readonly #onSent: (bytes: number) => void;
  #corked = false;
  #room: Promise<void> | undefined;
  readonly #closed = new AbortController();
  readonly #waits = new Set<Wait>();
  #playCharacters = 0;

  constructor({ socket, stream, circle, host, address, log, onSent }: ConnectionOptions) {
    this.circle = circle;
    this.host = host;
    this.address = address;
    this.log = log;
    this.#socket = socket;
    this.#stream = stream;
    this.#onSent = onSent;
    setMaxListeners(0, this.#closed.signal); // one for each play that waits
    socket.once("close", () => {
      clearTimeout(this.#sessionEnd);
      this.#closed.abort();
    });
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** From now on this is whose connection it is, until somebody logs in anew, or until the session ends and it with it. */
  begin(session: Session): void {
    this.#session = session;
    this.#watchEnd();
  }

  /** Aborts when the socket is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Does a play run, or wait for its turn? One that waits for the circle's owner can do so without this connection. */
  get hasRunningPlays(): boolean {
    return Array.from(this.#waits).some(({ waiting }) => !waiting);
  }

  /** @throws {WireError} -32001 before login. */
  requireSession(): Session {
    const session = this.#session;
    if (session && !isOver(session)) return session;
    throw new WireError(ErrorCode.NotLoggedIn, "not logged in: expected fetch_nonce and authenticate first");
  }

  /** Closes the connection when its session ends. */
  #watchEnd(): void {
    clearTimeout(this.#sessionEnd);
    const { ends } = this.#session ?? {};
    if (ends === undefined || this.#closed.signal.aborted) return;
    if (Date.now() >= ends) this.close(POLICY_VIOLATION, "the delegation has expired");
    else this.#sessionEnd = setTimeout(() => this.#watchEnd(), Math.min(ends - Date.now(), MOST_TIMER_MS)).unref();
  }

  send(frame: string): void {
    if (this.#closed.signal.aborted) return;
    this.#cork();
    this.#socket.send(frame);
    this.#onSent(Buffer.byteLength(frame));
    const most = this.session ? MOST_UNREAD_BYTES : MOST_UNREAD_BYTES_OF_VISITOR;
    if (this.#socket.bufferedAmount <= most) return;
    this.log.info({ unread: this.#socket.bufferedAmount }, "connection cut: its peer does not read");
    this.#socket.terminate();
  }

  /** What is sent in one go leaves by one system call, which costs more than a small frame. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#stream.uncork();
    });
  }

  /** Does its peer read what it is sent? One that does not is better sent nothing more for now. */
  get hasRoom(): boolean {
    return this.#socket.bufferedAmount <= MOST_UNREAD_WITH_ROOM_BYTES;
  }

  /** Resolves when it has room, or is closed. */
  room(): Promise<void> {
    // One look for all of its subscriptions: a peer that reads none of them is to cost no more for it.
    this.#room ??= this.#untilRoom().finally(() => {
      this.#room = undefined;
    });
    return this.#room;
  }

  async #untilRoom(): Promise<void> {
    while (!this.hasRoom && !this.#closed.signal.aborted) await new Promise((resolve) => setTimeout(resolve, ROOM_MS));
  }

  /**
   * Ends the connection in good order, after what was sent; a peer that does not answer that is cut off. `code` as in
   * RFC 6455 §7.4.
   */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }

  /** Runs one play of this connection. @throws {WireError} -32007 if too many are under way. */
  async playing<T>(wait: Wait, characters: number, run: () => Promise<T>): Promise<T> {
    if (this.#waits.size >= MOST_PLAYS) throw busy("plays_in_flight", this.#waits.size, MOST_PLAYS);
    const total = this.#playCharacters + characters;
    if (total > MOST_PLAY_CHARACTERS) throw busy("characters_in_flight", total, MOST_PLAY_CHARACTERS);
    this.#waits.add(wait);
    this.#playCharacters += characters;
    try {
      return await run();
    } finally {
      this.#waits.delete(wait);
      this.#playCharacters -= characters;
    }
  }
}

function isOver({ ends = Number.POSITIVE_INFINITY }: Session): boolean {
  return Date.now() >= ends;
}

function busy(limit: string, used: number, allowed: number): WireError {
  const data: LimitReached = { limit, used, allowed, retry_after_ms: RETRY_AFTER_MS };
  return new WireError(ErrorCode.Busy, `busy: ${limit} of this connection is at its limit of ${allowed}`, data);
}
