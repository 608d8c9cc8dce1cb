import { isTopic } from "@circles/sdk/protocol";
import { type RunningPlay, ScriptError } from "./running-play.ts";
import type { Emitted } from "./sandbox.ts";

/** A topic has at most 200 UTF-16 units, each of six characters where JSON escapes it; with quotes and a line feed. */
const MOST_TOPIC_JSON = 200 * 6 + 3;

const utf8 = new TextEncoder();

/** What one play emits to subscribers, held to its limits. It leaves the play with its result. */
export class EmittedEvents {
  readonly #play: RunningPlay;
  #emitted: Emitted[] = [];
  #bytes = 0;

  constructor(play: RunningPlay) {
    this.#play = play;
  }

  get all(): readonly Emitted[] {
    return this.#emitted;
  }

  /** Before anything is made of a payload. */
  checkSize(payload: string): void {
    const { emittedBytes } = this.#play.limits;
    const least = payload.length - MOST_TOPIC_JSON;
    if (least > emittedBytes) this.#play.reach("emitted_bytes", least, emittedBytes);
  }

  /** Ends the play where that is more than it may emit. */
  emit(emitted: Emitted): void {
    const { emittedEvents, emittedBytes } = this.#play.limits;
    const count = this.#emitted.length + 1;
    if (count > emittedEvents) this.#play.reach("emitted_events", count, emittedEvents);
    const bytes = this.#bytes + sizeOf(emitted);
    if (bytes > emittedBytes) this.#play.reach("emitted_bytes", bytes, emittedBytes);
    this.#bytes = bytes;
    this.#emitted.push(emitted);
  }

  /** Runs what emits all that it emits, or nothing if it throws. */
  atomically<T>(change: () => T): T {
    const [before, bytes] = [this.#emitted.length, this.#bytes];
    try {
      return change();
    } catch (error) {
      this.#emitted = this.#emitted.slice(0, before);
      this.#bytes = bytes;
      throw error;
    }
  }
}

/** @throws {ScriptError} for what is no topic of scripts, before it is asked who may use it. */
export function parseTopic(what: string, topic: unknown): string {
  if (isTopic(topic)) return topic;
  throw new ScriptError("TypeError", `${what}: expected a topic of 1 to 200 characters that does not begin with $`);
}

function sizeOf({ topic, json }: Emitted): number {
  return utf8.encode(topic).length + utf8.encode(json).length;
}
