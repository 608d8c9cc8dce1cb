import type { Event } from "../task.ts";

/**
 * Events of a play that began before its predecessor's record was synced: nothing of it may be seen until then, for if
 * that fails, neither has happened.
 */
export class HeldEvents {
  readonly #emit: (event: Event) => void;
  #held: Event[] | undefined = [];
  #discarded = false;
  #last = 0;

  constructor(emit: (event: Event) => void) {
    this.#emit = emit;
  }

  /** Number of the last event that was added; 0 if none was. */
  get last(): number {
    return this.#last;
  }

  readonly add = (event: Event): void => {
    this.#last = event.seq;
    if (this.#discarded) return;
    if (this.#held) this.#held.push(event);
    else this.#emit(event);
  };

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (!this.#discarded) for (const event of held) this.#emit(event);
  }

  /** Nothing of these, nor of what is still to come, is ever seen. */
  discard(): void {
    this.#discarded = true;
  }
}
