import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { RefusedName } from "./sandbox.ts";
import { Cell, type SideMessage } from "./thread-protocol.ts";

/** How often a thread that waits for an answer looks whether it still has to. */
const LOOK_EVERY_MS = 10;

/**
 * What the pool and a thread tell each other while a script runs, when the thread reads no messages by itself: the
 * thread asks and waits; the pool says which play may do something else now.
 */
export class SideLine {
  readonly #port: MessagePort;
  readonly #cells: Int32Array;
  /** By numbers of plays. */
  readonly #authorities = new Map<number, string>();
  #seen = 0;
  #question = 0;
  #answer: Extract<SideMessage, { answerTo: number }> | undefined;

  constructor(port: MessagePort, cells: Int32Array) {
    this.#port = port;
    this.#cells = cells;
  }

  /** What the play may do by now, if that was changed since it was given to this thread. */
  authorityOf(number: number): string | undefined {
    this.#read();
    return this.#authorities.size === 0 ? undefined : this.#authorities.get(number);
  }

  /** Nothing is known of any play any more. */
  forget(): void {
    this.#read();
    this.#authorities.clear();
  }

  /**
   * Asks for the play `number`, and waits. @throws {RefusedName} if `giveUp` says so before the answer comes; whatever
   * made it say so ends the play. @throws {Error} if nobody can answer.
   */
  ask(number: number, asked: unknown, giveUp: () => boolean): unknown {
    this.#question += 1;
    const question = this.#question;
    this.#answer = undefined;
    this.#port.postMessage({ question, number, asked });
    for (;;) {
      this.#read();
      const answer = this.#takeAnswer(question);
      if (answer) {
        if ("failure" in answer) throw new Error(`sandbox: a question was not answered: ${answer.failure}`);
        return answer.value;
      }
      if (giveUp()) throw new RefusedName("the play ended before it was answered");
      Atomics.wait(this.#cells, Cell.Told, this.#seen, LOOK_EVERY_MS);
    }
  }

  #takeAnswer(question: number) {
    return this.#answer?.answerTo === question ? this.#answer : undefined;
  }

  #read(): void {
    const told = Atomics.load(this.#cells, Cell.Told);
    if (told === this.#seen) return;
    this.#seen = told;
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (!received) return;
      const message = received.message as SideMessage;
      if ("answerTo" in message) this.#answer = message;
      else this.#authorities.set(message.number, message.authority);
    }
  }
}
