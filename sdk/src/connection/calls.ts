import { ConnectionError, DeadlineError } from "../errors.ts";
import { Deadline } from "../protocol/deadline.ts";
import { writeRequest } from "../protocol/frames.ts";
import type { Method, Methods } from "../protocol/messages.ts";
import { parseReply, type Reply } from "./parse-reply.ts";
import type { Transport } from "./transport.ts";

/** A request by its name, and what it takes. */
export type Asked = { [M in Method]: readonly [method: M, params: Methods[M]["params"]] }[Method];

/** Who waits for an answer. */
export type Waiting = {
  /** The relay is this SDK's other half: its results are taken to have their types. */
  readonly resolve: (result: unknown) => void;
  /** With `WireError` as the other side says, `ConnectionError` when the connection ends. */
  readonly reject: (error: unknown) => void;
};

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
  #heardAt = Date.now();
  #closed: string | undefined;

  constructor(transport: Transport, options: CallsOptions) {
    this.#transport = transport;
    this.#options = options;
    transport.onFrame = (text) => {
      this.#heardAt = Date.now();
      const reply = parseReply(text);
      try {
        if (reply) this.#receive(reply);
      } catch (error) {
        // What the other side says must not throw into the event loop of whoever listens to it.
        transport.close();
        this.#end(error instanceof Error ? error.message : "the relay said what makes no sense");
      }
    };
    transport.onClose = (reason) => this.#end(reason);
  }

  /** When the other side last said anything, in Unix milliseconds. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Sends a request. Answers what forgets it: nobody waits for its answer any more then. */
  send([method, params]: Asked, waiting: Waiting): () => void {
    if (this.#closed !== undefined) {
      waiting.reject(new ConnectionError(`connection: ${this.#closed}`));
      return () => {};
    }
    this.#lastId += 1;
    const id = this.#lastId;
    this.#waiting.set(id, waiting);
    this.#transport.send(writeRequest(id, method, params));
    return () => this.#waiting.delete(id);
  }

  /** Sends a request over this one connection. Rejects as `Waiting.reject`, and with `DeadlineError` after `timeoutMs`. */
  call<M extends Method>(method: M, params: Methods[M]["params"], timeoutMs: number): Promise<Methods[M]["result"]> {
    const deadline = new Deadline(timeoutMs);
    const answer = new Promise<unknown>((resolve, reject) => {
      const forget = this.send([method, params] as unknown as Asked, { resolve, reject });
      deadline.start(() => {
        forget();
        reject(late(method, timeoutMs));
      });
    });
    return answer.finally(() => deadline.stop()) as Promise<Methods[M]["result"]>;
  }

  close(reason = "closed from this side"): void {
    this.#transport.close();
    this.#end(reason);
  }

  #receive(reply: Reply): void {
    if ("method" in reply) {
      this.#options.onNotification(reply.method, reply.params);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return; // it came after its deadline, or was not asked for
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting.reject(reply.error);
    else waiting.resolve(reply.result);
  }

  #end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new ConnectionError(`connection: ${reason}`));
    this.#options.onClose(reason);
  }
}

export function late(method: string, timeoutMs: number): DeadlineError {
  return new DeadlineError(`${method}: expected an answer within ${timeoutMs} ms, got none`);
}
