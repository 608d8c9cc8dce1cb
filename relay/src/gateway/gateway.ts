import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { canonicalPublicKey } from "@circles/sdk/keys";
import {
  ErrorCode,
  type Handlers,
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
import type { Addresses, Refusal } from "./addresses.ts";
import { Connection } from "./connection.ts";
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

const CLOSING: Refusal = { status: 503, message: "the relay is closing" };

/** Turns WebSockets into sessions that play through the broker. */
export class Gateway {
  readonly #addresses: Addresses;
  readonly #log: Logger;
  readonly #circles: ReadonlySet<PublicKey> | undefined;
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

  constructor(parts: GatewayParts, { circles, loginDeadlineMs = 30_000, heartbeatMs = 30_000 }: GatewayOptions = {}) {
    this.#addresses = parts.addresses;
    this.#log = parts.log;
    this.#circles = circles;
    this.#loginDeadlineMs = loginDeadlineMs;
    this.#handlers = this.#makeHandlers(parts);
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  /** Answers an HTTP server's `upgrade`: with a connection, or with a status that says what was wrong. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const host = this.#addresses.host(request);
    const circle = this.#circle(request);
    const refusal =
      (this.#draining ? CLOSING : undefined) ??
      (typeof host === "string" ? undefined : host) ??
      this.#addresses.checkOrigin(request) ??
      (typeof circle === "string" ? undefined : circle);
    if (refusal || typeof host !== "string" || typeof circle !== "string") {
      if (refusal) refuse(socket, refusal);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#connect(webSocket, socket, circle, host));
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

  #circle({ url = "/" }: IncomingMessage): PublicKey | Refusal {
    const [path = ""] = url.slice(1).split("?");
    try {
      const circle = canonicalPublicKey(path);
      if (!this.#circles || this.#circles.has(circle)) return circle;
      return { status: 404, message: "circle: not served here" };
    } catch {
      return { status: 400, message: "path: expected /{circle public key}" };
    }
  }

  #connect(socket: WebSocket, stream: Duplex, circle: PublicKey, host: string): void {
    const log = this.#log.child({ circle });
    const connection = new Connection({ socket, stream, circle, host, log });
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
    });
    socket.on("message", (data, isBinary) => {
      this.#alive.add(socket);
      if (isBinary) connection.close(UNSUPPORTED_DATA, "expected text frames");
      else this.#serve(connection, (data as Buffer).toString("utf8"));
    });
  }

  #serve(connection: Connection, text: string): void {
    if (connection.refused) return;
    const report = (error: unknown) => {
      if (!connection.closed.aborted) connection.log.error({ err: error }, "a call failed");
    };
    void serveFrame(text, (method, params) => this.#call(connection, method, params), report).then((reply) => {
      if (reply !== undefined) connection.send(reply);
      if (connection.refused) connection.close(POLICY_VIOLATION, "invalid credentials");
    });
  }

  #call(connection: Connection, method: string, params: unknown): unknown {
    if (connection.refused) throw new WireError(ErrorCode.NotLoggedIn, "not logged in: the login before this failed");
    if (!Object.hasOwn(this.#handlers, method)) {
      throw new WireError(ErrorCode.MethodNotFound, "method: expected one of rpc.discover's, got another");
    }
    return this.#handlers[method as Method](params, connection);
  }

  #makeHandlers({ broker, verifier, vouch = () => VOUCHED_IN_PROCESS }: GatewayParts): Handlers<Connection> {
    const login = new Login(verifier);
    const plays = new Plays(broker, vouch);
    const subscriptions = new Subscriptions(broker);
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
        if (this.#draining)
          throw new WireError(ErrorCode.Busy, "busy: the relay is closing", { retry_after_ms: 1_000 });
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

function refuse(socket: Duplex, { status, message }: Refusal): void {
  const body = `${JSON.stringify({ error: message })}\n`;
  socket.on("error", () => {}); // the other side is gone: nobody is left to tell
  socket.once("finish", () => socket.destroy()); // the other side need not close its half
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
