/** Where the documents go: the circle's files, or what a test has in their place. */
export type DocumentWriter = { write(name: string, value: string | null): Promise<void> };

/** What may wait for the files at most, before the next commit waits with it. */
const MOST_DOCUMENTS = 1_000;
const MOST_CHARACTERS = 16 * 2 ** 20;

/** Documents that were committed and may not be in their files yet; it sees to it that they come there. */
export class PendingDocuments {
  readonly #files: DocumentWriter;
  /** JSON text, or `null` for a deleted document. A later change of a document takes the place of an earlier one. */
  readonly #documents = new Map<string, string | null>();
  #characters = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(files: DocumentWriter) {
    this.#files = files;
  }

  /** Why a file could not be written. From then on none is; the log has them all. */
  get failure(): unknown {
    return this.#failure;
  }

  add(documents: Iterable<readonly [name: string, value: string | null]>): void {
    for (const [name, value] of documents) this.#set(name, value);
    this.#write();
  }

  /** As of now. */
  copy(): ReadonlyMap<string, string | null> {
    return new Map(this.#documents);
  }

  /** Resolves when few enough are left, or no more can be written. */
  async room(): Promise<void> {
    while (this.#writing && (this.#documents.size > MOST_DOCUMENTS || this.#characters > MOST_CHARACTERS)) {
      await this.#writing;
    }
  }

  /** Resolves when none are left, or no more can be written. */
  async settled(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Writes them, one round after the other; a document that changes all the time is written once a round. */
  #write(): void {
    if (this.#writing || this.#documents.size === 0 || this.#failure) return;
    this.#writing = this.#writeRound().then(
      () => {
        this.#writing = undefined;
        this.#write();
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#failure = error;
      },
    );
  }

  async #writeRound(): Promise<void> {
    // Deletions first: where a document was, there may now be a folder.
    const round = Array.from(this.#documents).toSorted(([, a], [, b]) => Number(a !== null) - Number(b !== null));
    for (const [name, value] of round) {
      await this.#files.write(name, value);
      if (this.#documents.get(name) === value) this.#delete(name); // else it was changed meanwhile
    }
  }

  #set(name: string, value: string | null): void {
    this.#delete(name);
    this.#documents.set(name, value);
    this.#characters += name.length + (value?.length ?? 0);
  }

  #delete(name: string): void {
    const value = this.#documents.get(name);
    if (value === undefined) return;
    this.#documents.delete(name);
    this.#characters -= name.length + (value?.length ?? 0);
  }
}
