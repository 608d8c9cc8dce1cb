import { ConnectionError, DeadlineError } from "../errors.ts";
import { Deadline } from "../protocol/deadline.ts";
import { WireError } from "../protocol/errors.ts";
import { type Message, parseFrame, writeRequest } from "../protocol/frames.ts";
import type { Method, Methods } from "../protocol/messages.ts";
import type { Transport } from "./transport.ts";

type Waiting = { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void };

export type CallsOptions = {
  /** Called for each notification, in order, before any answer that came after it. */
  readonly onNotification: (method: string, params: unknown) => void;
  /** Called once, when every call that waits has been rejected. */
  readonly onClose: (reason: string) => void;
};

/** Matches answers to requests over a transport. */
export class Calls {
  readonly #transport: Transport;
  readonly #options: CallsOptions;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #closed: string | undefined;

  constructor(transport: Transport, options: CallsOptions) {
    this.#transport = transport;
    this.#options = options;
    transport.onFrame = (text) => {
      const frame = parseFrame(text);
      try {
        for (const message of frame.batch ? frame.messages : [frame.message]) this.#receive(message);
      } catch (error) {
        // What the other side says must not throw into the event loop of whoever listens to it.
        transport.close();
        this.#end(error instanceof Error ? error.message : "the relay said what makes no sense");
      }
    };
    transport.onClose = (reason) => this.#end(reason);
  }

  /**
   * Sends a request. Rejects with `WireError` as the other side says, `ConnectionError` when the connection ends, and
   * `DeadlineError` when there is no answer within `time`: milliseconds, or a deadline that is started here.
   */
  call<M extends Method>(
    method: M,
    params: Methods[M]["params"],
    time: number | Deadline,
  ): Promise<Methods[M]["result"]> {
    if (this.#closed !== undefined) return Promise.reject(new ConnectionError(`connection: ${this.#closed}`));
    this.#lastId += 1;
    const id = this.#lastId;
    const deadline = typeof time === "number" ? new Deadline(time) : time;
    return new Promise((resolve, reject) => {
      deadline.start(() => {
        this.#waiting.delete(id);
        reject(new DeadlineError(`${method}: expected an answer within ${deadline.timeoutMs} ms, got none`));
      });
      const settle = () => {
        deadline.stop();
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, {
        // The relay is this SDK's other half: its results are taken to have their types.
        resolve: (result) => {
          settle();
          resolve(result as Methods[M]["result"]);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#transport.send(writeRequest(id, method, params));
    });
  }

  close(): void {
    this.#transport.close();
    this.#end("closed from this side");
  }

  #receive(message: Message): void {
    if (message.kind === "notification") {
      this.#options.onNotification(message.method, message.params);
      return;
    }
    if (message.kind !== "response" || typeof message.id !== "number") return; // nothing that was asked for
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return; // it came after its deadline
    if ("error" in message) {
      const { code, message: text, data } = message.error;
      waiting.reject(new WireError(code, text, data));
    } else waiting.resolve(message.result);
  }

  #end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const { reject } of this.#waiting.values()) reject(new ConnectionError(`connection: ${reason}`));
    this.#options.onClose(reason);
  }
}
