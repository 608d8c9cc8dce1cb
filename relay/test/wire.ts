import { once } from "node:events";
import type { Keypair } from "@circles/sdk";
import { type Nonce, parseLoginNonce } from "@circles/sdk/protocol";
import WebSocket, { type ClientOptions } from "ws";

export type Answer = {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
};

/** A client that writes its own frames: for saying what the SDK never would. */
export class Wire {
  readonly #socket: WebSocket;
  readonly #received: unknown[] = [];
  readonly #waiting: ((frame: unknown) => void)[] = [];
  /** Resolves with code and reason when the other side has closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const frame: unknown = JSON.parse(data.toString("utf8"));
      const waiting = this.#waiting.shift();
      if (waiting) waiting(frame);
      else this.#received.push(frame);
    });
    this.closed = once(socket, "close").then(([code, reason]) => ({ code: Number(code), reason: String(reason) }));
    socket.on("error", () => {}); // a close follows
  }

  static async dial(url: string, options: ClientOptions = {}): Promise<Wire> {
    const socket = new WebSocket(url, options);
    const wire = new Wire(socket);
    await once(socket, "open");
    return wire;
  }

  /** The HTTP status and body with which a dial is refused. */
  static async refusal(url: string, options: ClientOptions = {}): Promise<{ status: number; body: string }> {
    const socket = new WebSocket(url, options);
    socket.on("error", () => {}); // being refused is what is waited for
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, import("node:http").IncomingMessage];
    const chunks = await response.toArray();
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks as Buffer[]).toString("utf8") };
  }

  get socket(): WebSocket {
    return this.#socket;
  }

  send(frame: string | Buffer): void {
    this.#socket.send(frame);
  }

  /** The next frame that was not looked at yet. */
  next(): Promise<unknown> {
    if (this.#received.length > 0) return Promise.resolve(this.#received.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Sends a request and resolves with the next frame, which a test with one call at a time takes for its answer. */
  call(method: string, params?: unknown): Promise<Answer> {
    this.#lastId += 1;
    this.send(JSON.stringify({ jsonrpc: "2.0", id: this.#lastId, method, params }));
    return this.next() as Promise<Answer>;
  }

  /** Logs in as the SDK would. */
  async login(peer: Keypair): Promise<void> {
    const { result } = await this.call("fetch_nonce", { pubkey: peer.publicKey });
    const { nonce } = result as { nonce: Nonce };
    const { host, circle } = parseLoginNonce(nonce);
    const signature = await peer.signLogin(nonce, { circle, host });
    const answer = await this.call("authenticate", { pubkey: peer.publicKey, signature });
    if (answer.error) throw new Error(answer.error.message);
  }

  close(): void {
    this.#socket.close();
  }
}
