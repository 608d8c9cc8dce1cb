import type { Event } from "../task.ts";
import type { RunningPlay } from "./running-play.ts";

type Said = Event extends infer E ? (E extends Event ? Omit<E, "seq"> : never) : never;

const utf8 = new TextEncoder();

/** What a play tells its caller while it runs, numbered and held to its limits. */
export class PlayEvents {
  readonly #play: RunningPlay;
  readonly #emit: (event: Event) => void;
  #count = 0;
  #bytes = 0;

  constructor(play: RunningPlay, emit: (event: Event) => void) {
    this.#play = play;
    this.#emit = emit;
  }

  /** `characters` is the least that the event has; the rest is made only if that is within the limits. */
  say(characters: number, make: () => Said): void {
    const { events, eventBytes } = this.#play.limits;
    this.#count += 1;
    if (this.#count > events) this.#play.reach("events", this.#count, events);
    if (characters > eventBytes) this.#play.reach("event_bytes", characters, eventBytes);
    const said = make();
    this.#bytes += utf8.encode(JSON.stringify(said.data)).length;
    if (this.#bytes > eventBytes) this.#play.reach("event_bytes", this.#bytes, eventBytes);
    this.#emit({ seq: this.#count, ...said });
  }
}
