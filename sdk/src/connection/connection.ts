import { ConnectionError, DeadlineError } from "../errors.ts";
import type { Signer } from "../keys/signer.ts";
import type { Deadline } from "../protocol/deadline.ts";
import { ErrorCode, type LimitReached, retryAfterMs, WireError } from "../protocol/errors.ts";
import { type Asked, late } from "./calls.ts";
import { type Address, openSession, type Session } from "./session.ts";

/** How a connection stands: `connecting` again after it was lost, `closed` for good. */
export type ConnectionStatus = "connecting" | "open" | "closed";

/** What is told of a connection: that it was lost and why, is there again, or is closed for good and why. */
export type ConnectionEvents = {
  connecting: { readonly reason: string };
  open: undefined;
  closed: { readonly reason: string; readonly error: ConnectionError };
};

type Listener<K extends keyof ConnectionEvents> = (event: ConnectionEvents[K]) => void;
type Listeners = { readonly [K in keyof ConnectionEvents]: Set<Listener<K>> };

export type ConnectionParts = {
  readonly address: Address;
  readonly signer: Signer;
  /** Time to connect and log in, each time. */
  readonly timeoutMs: number;
  readonly onNotification: (method: string, params: unknown) => void;
};

/** A request that outlives connections. */
export type Request = {
  /** What to ask on the connection that there is: the first time, and again on each that follows a lost one. */
  readonly ask: () => Asked;
  readonly deadline: Deadline;
  /** Is this refusal no answer, so that it is to be asked once more? */
  readonly isToBeAskedAgain?: (error: unknown) => boolean;
};

type Pending = Request & {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  sentAt: number;
  forget: () => void;
};

const FIRST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 10_000;
/** A connection that lasted so long was none that is cut as soon as it is made. */
const SETTLED_MS = 5_000;
/** A relay that says nothing at all for so long, though it was asked, is taken for lost. */
const MOST_SILENCE_MS = 5_000;

/**
 * A login that heals: a connection that is lost is made anew, with growing pauses, and what was not answered is asked again
 * there, in its order. Every request must do the same when it is asked twice.
 */
export class Connection {
  readonly #parts: ConnectionParts;
  /** In the order of the requests. */
  readonly #pending = new Set<Pending>();
  readonly #listeners: Listeners = { connecting: new Set(), open: new Set(), closed: new Set() };
  #session: Session | undefined;
  #clockOffsetS = 0;
  #openedAt = 0;
  #tries = 0;
  #ended: Error | undefined;
  #hurry: () => void = () => {};

  private constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** Connects for the first time: what fails then is not tried again. Rejects as `openSession`. */
  static async open(parts: ConnectionParts): Promise<Connection> {
    const connection = new Connection(parts);
    await connection.#connect();
    globalThis.addEventListener?.("offline", connection.#onOffline);
    globalThis.addEventListener?.("online", connection.#onOnline);
    return connection;
  }

  get status(): ConnectionStatus {
    if (this.#ended) return "closed";
    return this.#session ? "open" : "connecting";
  }

  /** How far the relay's clock is ahead of this one, as it was at the last login. */
  get clockOffsetS(): number {
    return this.#clockOffsetS;
  }

  /** Answers what ends it. */
  on<K extends keyof ConnectionEvents>(kind: K, listener: Listener<K>): () => void {
    const listeners: Set<Listener<K>> = this.#listeners[kind];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /**
   * Rejects with `WireError` as the relay says, `DeadlineError` at the request's deadline, which is started here, and
   * `ConnectionError` when the connection is closed for good.
   */
  request({ deadline, ...request }: Request): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const settle = () => {
        deadline.stop();
        pending.forget();
        this.#pending.delete(pending);
      };
      const pending: Pending = {
        ...request,
        deadline,
        sentAt: 0,
        forget: () => {},
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#pending.add(pending);
      deadline.start(() => {
        pending.reject(late(pending.ask()[0], deadline.timeoutMs));
        this.#checkSilence(pending);
      });
      this.#send(pending);
    });
  }

  /** For good. */
  close(): void {
    this.#end(new ConnectionError("connection: closed from this side"), "closed from this side");
  }

  readonly #onOffline = () => this.#session?.calls.close("this machine went offline");
  /** The way may still be on its own way: where the first try comes too early, the next ones follow soon. */
  readonly #onOnline = () => {
    this.#tries = 0;
    this.#hurry();
  };

  async #connect(): Promise<void> {
    const { address, signer, timeoutMs, onNotification } = this.#parts;
    const onClose = (reason: string) => this.#lost(session, reason);
    let session: Session | undefined;
    session = await openSession(address, { signer, timeoutMs, onNotification, onClose });
    if (this.#ended) return session.calls.close();
    this.#session = session;
    this.#clockOffsetS = session.clockOffsetS;
    this.#openedAt = Date.now();
    for (const pending of Array.from(this.#pending)) this.#send(pending);
    this.#tell("open", undefined);
  }

  #send(pending: Pending): void {
    if (!this.#session) return;
    pending.sentAt = Date.now();
    pending.forget = this.#session.calls.send(pending.ask(), {
      resolve: pending.resolve,
      reject: (error) => {
        if (error instanceof ConnectionError && !this.#ended) return; // it is asked again on the next
        if (isClosing(error)) return; // this one will be lost soon
        if (pending.isToBeAskedAgain?.(error)) this.#send(pending);
        else pending.reject(error);
      },
    });
  }

  #lost(session: Session | undefined, reason: string): void {
    if (!session || this.#session !== session) return; // one that never was open
    this.#session = undefined;
    if (this.#ended) return;
    const wasOfUse = session.calls.heardAt > this.#openedAt;
    if (wasOfUse || Date.now() - this.#openedAt > SETTLED_MS) this.#tries = 0;
    this.#tell("connecting", { reason });
    void this.#heal();
  }

  async #heal(): Promise<void> {
    let atLeastMs = 0;
    while (!this.#ended) {
      const backoffMs = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#tries);
      this.#tries += 1;
      // Jitter: those who lost a relay together do not come back together.
      await this.#pause(Math.max(atLeastMs, backoffMs * (0.5 + Math.random() / 2)));
      if (this.#ended) return;
      try {
        return await this.#connect();
      } catch (error) {
        if (!isPassing(error)) return this.#end(error, error instanceof Error ? error.message : String(error));
        atLeastMs = Math.min(retryAfterMs(error) ?? 0, MOST_BACKOFF_MS);
      }
    }
  }

  /** Ends early when there is reason to hurry. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A line can be dead without anybody telling: the next try then shows it. */
  #checkSilence({ sentAt }: Pending): void {
    const { calls } = this.#session ?? {};
    if (!calls || sentAt === 0 || calls.heardAt > sentAt || Date.now() - sentAt < MOST_SILENCE_MS) return;
    calls.close("the relay did not answer");
  }

  #end(cause: unknown, reason: string): void {
    if (this.#ended) return;
    const error = cause instanceof ConnectionError ? cause : new ConnectionError(`connection: ${reason}`, { cause });
    this.#ended = error;
    globalThis.removeEventListener?.("offline", this.#onOffline);
    globalThis.removeEventListener?.("online", this.#onOnline);
    this.#session?.calls.close(reason);
    this.#session = undefined;
    this.#hurry();
    for (const { reject } of Array.from(this.#pending)) reject(error);
    this.#tell("closed", { reason, error });
    for (const listeners of Object.values(this.#listeners)) listeners.clear();
  }

  #tell<K extends keyof ConnectionEvents>(kind: K, event: ConnectionEvents[K]): void {
    for (const listener of Array.from(this.#listeners[kind])) listener(event);
  }
}

/** Tried again, it may go better: the way to the relay is cut, or the relay is busy. What a login lacks stays so. */
function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof DeadlineError) return true;
  return error instanceof WireError && [ErrorCode.Busy, ErrorCode.InternalError].some((code) => code === error.code);
}

/** The relay takes no more plays, lets those under way end, and closes. */
function isClosing(error: unknown): boolean {
  const { limit } = (error instanceof WireError ? (error.data ?? {}) : {}) as Partial<LimitReached>;
  return limit === "closing";
}
