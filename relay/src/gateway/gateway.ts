import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  ErrorCode,
  type Handlers,
  type LimitReached,
  MAX_FRAME_BYTES,
  type Method,
  openRpcDocument,
  type PublicKey,
  serveFrame,
  WireError,
} from "@circles/sdk/protocol";
import type { Logger } from "pino";
import { type WebSocket, WebSocketServer } from "ws";
import type { Broker } from "../broker/broker.ts";
import type { Verifier } from "../signatures/verifier.ts";
import { VOUCHED_IN_PROCESS } from "../task.ts";
import { AddressLimits } from "./address-limits.ts";
import type { Addresses, Refusal } from "./addresses.ts";
import { CallFailed } from "./call-failed.ts";
import { ClientAddresses } from "./client-address.ts";
import { Connection } from "./connection.ts";
import { type CalledMethod, type GatewayObserver, UNOBSERVED } from "./gateway-observer.ts";
import { checkRequest, type Dialled, type HandshakeParts, refuse } from "./handshake.ts";
import { Login } from "./login.ts";
import { Plays, type Vouch } from "./play.ts";
import { Subscriptions } from "./subscriptions.ts";

export type GatewayParts = {
  readonly broker: Broker;
  readonly verifier: Verifier;
  readonly addresses: Addresses;
  readonly log: Logger;
  /** Default: workers are in this process. */
  readonly vouch?: Vouch;
  /** Default: addresses are those of whoever connects. */
  readonly clients?: ClientAddresses;
  readonly limits?: AddressLimits;
  readonly observer?: GatewayObserver;
};

export type GatewayOptions = {
  /** Circles that can be dialled; all if left out. */
  readonly circles?: ReadonlySet<PublicKey>;
  /** Time from connecting to being logged in. Default 30,000. */
  readonly loginDeadlineMs?: number;
  /** A connection that shows no life for between one and two of these is dropped. Default 30,000. */
  readonly heartbeatMs?: number;
};

// RFC 6455 §7.4.1
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const UNSUPPORTED_DATA = 1003;

const CLOSING: Refusal = { status: 503, because: "closing", message: "the relay is closing" };

/** Turns WebSockets into sessions that play through the broker. */
export class Gateway {
  readonly #handshake: HandshakeParts;
  readonly #observer: GatewayObserver;
  readonly #log: Logger;
  readonly #loginDeadlineMs: number;
  readonly #handlers: Handlers<Connection>;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false, // a small compressed frame may be a huge one, and each context costs memory
    clientTracking: false,
  });
  readonly #connections = new Map<WebSocket, Connection>();
  readonly #alive = new WeakSet<WebSocket>();
  readonly #heartbeat: NodeJS.Timeout;
  #draining = false;
  #hasWarnedOfProxy = false;

  constructor(parts: GatewayParts, { circles, loginDeadlineMs = 30_000, heartbeatMs = 30_000 }: GatewayOptions = {}) {
    const { addresses, clients = new ClientAddresses(), limits = new AddressLimits() } = parts;
    this.#handshake = { addresses, clients, limits, circles };
    this.#observer = parts.observer ?? UNOBSERVED;
    this.#log = parts.log;
    this.#loginDeadlineMs = loginDeadlineMs;
    this.#handlers = this.#makeHandlers(parts, limits);
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  /** Answers an HTTP server's `upgrade`: with a connection, or with a status that says what was wrong. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const dialled = this.#draining ? CLOSING : checkRequest(request, this.#handshake);
    if ("because" in dialled) {
      this.#observer.refused(dialled.because);
      refuse(socket, dialled);
      return;
    }
    socket.once("close", dialled.leave);
    if (dialled.isVeiled) this.#warnOfProxy(dialled);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#connect(webSocket, socket, dialled));
  };

  /** Takes no more plays, waits for those under way, at most `withinMs`, and closes all connections. */
  async close({ withinMs }: { withinMs: number }): Promise<void> {
    this.#draining = true;
    clearInterval(this.#heartbeat);
    const end = Date.now() + withinMs;
    const playing = () => Array.from(this.#connections.values()).some(({ hasRunningPlays }) => hasRunningPlays);
    while (playing() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const connection of this.#connections.values()) connection.close(GOING_AWAY, "the relay is closing");
    const left = Date.now() + 1_000;
    while (this.#connections.size > 0 && Date.now() < left) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const socket of this.#connections.keys()) socket.terminate();
  }

  /** Once: whoever wants to may send such a header. */
  #warnOfProxy({ address }: Dialled): void {
    if (this.#hasWarnedOfProxy) return;
    this.#hasWarnedOfProxy = true;
    this.#log.warn({ address }, "X-Forwarded-For came from no --trust-proxy: limits count whoever sent it as one peer");
  }

  #connect(socket: WebSocket, stream: Duplex, { circle, host, address }: Dialled): void {
    const log = this.#log.child({ circle });
    const onSent = (bytes: number) => this.#observer.sent(bytes);
    const connection = new Connection({ socket, stream, circle, host, address, log, onSent });
    this.#observer.opened();
    this.#connections.set(socket, connection);
    this.#alive.add(socket);
    const loginDeadline = setTimeout(() => {
      if (!connection.session) connection.close(POLICY_VIOLATION, "not logged in in time");
    }, this.#loginDeadlineMs);
    socket.on("pong", () => this.#alive.add(socket));
    socket.on("error", (error) => log.debug({ error: error.message }, "connection failed")); // a close follows
    socket.on("close", () => {
      clearTimeout(loginDeadline);
      this.#connections.delete(socket);
      this.#observer.closed();
    });
    socket.on("message", (data, isBinary) => {
      this.#alive.add(socket);
      this.#observer.received((data as Buffer).byteLength);
      if (isBinary) connection.close(UNSUPPORTED_DATA, "expected text frames");
      else this.#serve(connection, (data as Buffer).toString("utf8"));
    });
  }

  #serve(connection: Connection, text: string): void {
    if (connection.refused) return;
    const report = (error: unknown) => {
      if (connection.closed.aborted) return;
      const { cause: err, about } = error instanceof CallFailed ? error : { cause: error, about: {} };
      connection.log.error({ err, ...about }, "a call failed");
    };
    void serveFrame(text, (method, params) => this.#observe(connection, method, params), report).then((reply) => {
      if (reply !== undefined) connection.send(reply);
      if (connection.refused) connection.close(POLICY_VIOLATION, "invalid credentials");
    });
  }

  async #observe(connection: Connection, name: string, params: unknown): Promise<unknown> {
    const method: CalledMethod = Object.hasOwn(this.#handlers, name) ? (name as Method) : "unknown";
    const began = performance.now();
    this.#observer.called(method);
    let failure: unknown;
    try {
      return await this.#call(connection, name, params);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      const error = failure instanceof CallFailed ? failure.cause : failure;
      this.#observer.answered({ method, error, ms: performance.now() - began });
    }
  }

  #call(connection: Connection, method: string, params: unknown): unknown {
    if (connection.refused) throw new WireError(ErrorCode.NotLoggedIn, "not logged in: the login before this failed");
    if (!Object.hasOwn(this.#handlers, method)) {
      throw new WireError(ErrorCode.MethodNotFound, "method: expected one of rpc.discover's, got another");
    }
    return this.#handlers[method as Method](params, connection);
  }

  #makeHandlers(
    { broker, verifier, vouch = () => VOUCHED_IN_PROCESS }: GatewayParts,
    limits: AddressLimits,
  ): Handlers<Connection> {
    const login = new Login({ verifier, limits });
    const plays = new Plays(broker, vouch);
    const subscriptions = new Subscriptions(broker, vouch);
    return {
      fetch_nonce: (params, connection) => login.fetchNonce(params, connection),
      authenticate: (params, connection) => {
        try {
          return login.authenticate(params, connection);
        } catch (error) {
          connection.refused = error instanceof WireError && error.code === ErrorCode.InvalidCredentials;
          throw error;
        }
      },
      play: (params, connection) => {
        if (this.#draining) throw busyClosing();
        return plays.play(params, connection);
      },
      cancel: (params, connection) => plays.cancel(params, connection),
      attach: (params, connection) => plays.attach(params, connection),
      subscribe: (params, connection) => subscriptions.subscribe(params, connection),
      unsubscribe: (params, connection) => subscriptions.unsubscribe(params, connection),
      "rpc.discover": () => openRpcDocument,
    };
  }

  #beat(): void {
    for (const socket of this.#connections.keys()) {
      if (!this.#alive.has(socket)) socket.terminate();
      this.#alive.delete(socket);
      socket.ping();
    }
  }
}

/** Whoever has a connection that heals sends the play again over the next. */
function busyClosing(): WireError {
  const data: LimitReached = { limit: "closing", allowed: 0, retry_after_ms: 1_000 };
  return new WireError(ErrorCode.Busy, "busy: the relay is closing", data);
}
