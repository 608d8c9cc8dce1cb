/** UTF-16 units of scripts and what they became. */
const MOST_CHARACTERS = 8 * 2 ** 20;

/** Scripts without their types, so that one that is played often is stripped once. */
export class KeptScripts {
  /** Least recently used first. */
  readonly #kept = new Map<string, string>();
  #characters = 0;

  get(script: string): string | undefined {
    if (this.#kept.size === 0) return undefined;
    const kept = this.#kept.get(script);
    if (kept === undefined) return undefined;
    this.#kept.delete(script);
    this.#kept.set(script, kept);
    return kept;
  }

  set(script: string, stripped: string): void {
    if (!this.#kept.has(script)) this.#characters += 2 * script.length; // types become as many spaces
    this.#kept.set(script, stripped);
    for (const oldest of this.#kept.keys()) {
      if (this.#characters <= MOST_CHARACTERS) return;
      this.#kept.delete(oldest);
      this.#characters -= 2 * oldest.length;
    }
  }
}
