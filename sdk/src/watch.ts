/** What one watcher may leave unread. */
export const MOST_UNREAD = 1_000;

/** Ends when it is told to, from inside or outside of a loop over it. */
export class Watch<Data> implements AsyncIterableIterator<Data, undefined> {
  readonly #leave: () => void;
  readonly #unread: Data[] = [];
  readonly #asking: PromiseWithResolversOf<IteratorResult<Data, undefined>>[] = [];
  #end: { error?: unknown } | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  /** How much came that was not read. */
  get unread(): number {
    return this.#unread.length;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Data, undefined>> {
    if (this.#unread.length > 0) return Promise.resolve({ done: false, value: this.#unread.shift() as Data });
    if (!this.#end) return new Promise((resolve, reject) => this.#asking.push({ resolve, reject }));
    const { error } = this.#end;
    this.#end = {}; // said once, as a generator does
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  return(): Promise<IteratorResult<Data, undefined>> {
    this.#leave();
    this.#unread.length = 0;
    this.end();
    this.#end = {};
    return Promise.resolve({ done: true, value: undefined });
  }

  receive(data: unknown): void {
    const asking = this.#asking.shift();
    if (asking) asking.resolve({ done: false, value: data as Data });
    else if (this.#unread.push(data as Data) > MOST_UNREAD) this.#unread.shift();
  }

  /** What came before is still read. The first end counts. */
  end(error?: unknown): void {
    if (this.#end) return;
    const [first, ...others] = this.#asking.splice(0);
    this.#end = first ? {} : { error };
    if (error === undefined) first?.resolve({ done: true, value: undefined });
    else first?.reject(error);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }
}

type PromiseWithResolversOf<T> = { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void };
