import type { Asked } from "./connection/calls.ts";
import type { Notifications } from "./protocol/messages.ts";

/** What one watcher may leave unread; what came longest ago is forgotten then. */
const MOST_UNREAD = 1_000;

/** Calls in an order that is kept, over whatever connections that takes. */
type Call = (...asked: Asked) => Promise<unknown>;

/** The topics that are watched over one connection. Each is subscribed to once, however many watch it. */
export class Topics {
  readonly #call: Call;
  readonly #watches = new Map<string, Set<Watch<unknown>>>();
  #ended: Error | undefined;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Subscribes at once, so that nothing is missed that happens after a call made later. */
  watch<Data>(topic: string): AsyncIterableIterator<Data, undefined> {
    const watch = new Watch<Data>(() => this.#leave(topic, watch as Watch<unknown>));
    if (this.#ended) watch.end(this.#ended);
    else this.#enter(topic, watch as Watch<unknown>);
    return watch;
  }

  /** For the connection. */
  receive({ topic, data }: Notifications["event"]): void {
    for (const watch of this.#watches.get(topic) ?? []) watch.receive(data);
  }

  /** For the connection, when it is there again: the relay knows nothing of what was watched before. */
  reopened(): void {
    for (const [topic, watches] of this.#watches) this.#subscribe(topic, watches);
  }

  /** For the connection, when it ends. */
  end(error: Error): void {
    this.#ended = error;
    for (const watch of Array.from(this.#watches.values()).flatMap((watches) => Array.from(watches))) watch.end(error);
    this.#watches.clear();
  }

  #enter(topic: string, watch: Watch<unknown>): void {
    const known = this.#watches.get(topic);
    if (known) {
      known.add(watch);
      return;
    }
    const watches = new Set([watch]);
    this.#watches.set(topic, watches);
    this.#subscribe(topic, watches);
  }

  #subscribe(topic: string, watches: Set<Watch<unknown>>): void {
    this.#call("subscribe", { topic }).catch((error: unknown) => {
      if (this.#watches.get(topic) === watches) this.#watches.delete(topic);
      for (const one of watches) one.end(error);
    });
  }

  #leave(topic: string, watch: Watch<unknown>): void {
    const watches = this.#watches.get(topic);
    if (!watches?.delete(watch) || watches.size > 0) return;
    this.#watches.delete(topic);
    // A subscription that could not be ended has nobody whom it tells.
    this.#call("unsubscribe", { topic }).catch(() => {});
  }
}

/** Ends when it is told to, from inside or outside of a loop over it. */
class Watch<Data> implements AsyncIterableIterator<Data, undefined> {
  readonly #leave: () => void;
  readonly #unread: Data[] = [];
  readonly #asking: PromiseWithResolversOf<IteratorResult<Data, undefined>>[] = [];
  #end: { error?: unknown } | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
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
