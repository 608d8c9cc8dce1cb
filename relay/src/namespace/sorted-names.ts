/** From which name on, and how many. */
export type NameRange = {
  readonly prefix: string;
  readonly start?: string | undefined;
  readonly limit?: number | undefined;
};

/** Names in the order of their UTF-16 units, of which any range is found without looking at the others. */
export class SortedNames {
  readonly #names = new Set<string>();
  /** Made when first asked for: until then names come by thousands. */
  #sorted: string[] | undefined;

  add(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#sorted?.splice(placeOf(this.#sorted, name), 0, name);
  }

  delete(name: string): void {
    if (!this.#names.delete(name)) return;
    this.#sorted?.splice(placeOf(this.#sorted, name), 1);
  }

  list({ prefix, start = "", limit = Number.POSITIVE_INFINITY }: NameRange): string[] {
    this.#sorted ??= Array.from(this.#names).toSorted();
    const listed: string[] = [];
    for (let i = placeOf(this.#sorted, start > prefix ? start : prefix); listed.length < limit; i++) {
      const name = this.#sorted[i];
      if (name === undefined || !name.startsWith(prefix)) break;
      listed.push(name);
    }
    return listed;
  }
}

/** Of the first that does not come before `name`. */
function placeOf(sorted: readonly string[], name: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
