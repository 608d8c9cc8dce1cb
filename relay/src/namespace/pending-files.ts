import { sizeOf } from "./contents.ts";
import type { Content, Write } from "./record.ts";

/** Where the files go: the circle's folder, or what a test has in its place. */
export type FileWriter = { write(path: string, content: Content | null): Promise<void> };

/** What may wait for the files at most, before the next commit waits with it. */
const MOST_FILES = 1_000;
const MOST_BYTES = 16 * 2 ** 20;
/** A file that changes all the time is written so often, and not each time: nobody waits for it, for the log has it. */
const LINGER_MS = 500;
/** More is written at once: it goes along with every play. */
const MOST_LINGERING = 32;
const MOST_LINGERING_BYTES = 2 ** 20;

/** Changes that were committed and may not be in the files yet; it sees to it that they come there. */
export class PendingFiles {
  readonly #files: FileWriter;
  /** `null` for a deleted file. A later change of a file takes the place of an earlier one. */
  readonly #changes = new Map<string, Content | null>();
  readonly #lingerMs: number;
  #bytes = 0;
  #lingering: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(files: FileWriter, { lingerMs = LINGER_MS } = {}) {
    this.#files = files;
    this.#lingerMs = lingerMs;
  }

  /** Why a file could not be written. From then on none is; the log has them all. */
  get failure(): unknown {
    return this.#failure;
  }

  add(writes: Iterable<Write>): void {
    for (const { path, content } of writes) this.#set(path, content);
    this.#schedule();
  }

  get(path: string): Content | null | undefined {
    return this.#changes.get(path);
  }

  /** As of now. */
  copy(): ReadonlyMap<string, Content | null> {
    return new Map(this.#changes);
  }

  /** Resolves when few enough are left, or no more can be written. */
  async room(): Promise<void> {
    while (this.#writing && (this.#changes.size > MOST_FILES || this.#bytes > MOST_BYTES)) {
      await this.#writing;
    }
  }

  /** Resolves when none are left, or no more can be written. */
  async settled(): Promise<void> {
    while (this.#changes.size > 0 && this.#failure === undefined) {
      this.#write();
      await this.#writing;
    }
  }

  #schedule(): void {
    const isMuch = this.#changes.size > MOST_LINGERING || this.#bytes > MOST_LINGERING_BYTES;
    if (this.#lingerMs === 0 || isMuch) this.#write();
    else if (this.#changes.size > 0) this.#lingering ??= setTimeout(() => this.#write(), this.#lingerMs).unref();
  }

  /** Writes them, one round after the other; a file that changes all the time is written once a round. */
  #write(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    if (this.#writing || this.#changes.size === 0 || this.#failure !== undefined) return;
    this.#writing = this.#writeRound().then(
      () => {
        this.#writing = undefined;
        this.#schedule();
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#failure = error;
      },
    );
  }

  async #writeRound(): Promise<void> {
    // Deletions first: where a file was, there may now be a folder.
    const round = Array.from(this.#changes).toSorted(([, a], [, b]) => Number(a !== null) - Number(b !== null));
    for (const [path, content] of round) {
      await this.#files.write(path, content);
      if (this.#changes.get(path) === content) this.#delete(path); // else it was changed meanwhile
    }
  }

  #set(path: string, content: Content | null): void {
    this.#delete(path);
    this.#changes.set(path, content);
    this.#bytes += path.length + (content ? sizeOf(content) : 0);
  }

  #delete(path: string): void {
    const content = this.#changes.get(path);
    if (content === undefined) return;
    this.#changes.delete(path);
    this.#bytes -= path.length + (content ? sizeOf(content) : 0);
  }
}
