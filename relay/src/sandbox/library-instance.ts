import { type LibraryBase, type LibraryCaller, LoadedLibrary, makeLibraryBase } from "./loaded-library.ts";
import { type RunningPlay, ScriptError } from "./running-play.ts";

/** Of memory and images of libraries that a thread keeps: some eight ordinary ones. */
const MOST_KEPT_BYTES = 32 * 2 ** 20;

/** What a module may take to be loaded where it is set; the play that calls it has its own limits only. */
const MOST_LOAD_MS = 250;

/** The circle's library as one play has it. */
export interface LibraryCalls {
  /** `args` is JSON; answers as a host call does. @throws {ScriptError} */
  call(source: string, name: string, args: string): string;
  /** @throws {ScriptError} where it cannot be loaded, with its place in `source`. */
  check(source: string): void;
  close(): void;
}

/**
 * Runs circles' libraries on this thread, each in an engine in which no other circle's code ever was. A script's engine
 * waits meanwhile, on the same stack.
 */
export class LibraryInstance {
  readonly #module: WebAssembly.Module;
  /** By circle too: what chance told a module when it was loaded is not another circle's to know. Oldest first. */
  readonly #loaded = new Map<string, LoadedLibrary>();
  #keptBytes = 0;
  #base: LibraryBase | undefined;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  open(caller: LibraryCaller): LibraryCalls {
    return new OpenLibrary(this, caller);
  }

  /** As it was kept, or loaded for this play. `mostMs` bounds that. @throws {ScriptError} where it cannot be. */
  loaded(source: string, { play, circle }: LibraryCaller, mostMs?: number): LoadedLibrary {
    const key = `${circle}\n${source}`;
    const library = this.#loaded.get(key) ?? this.#load(source, play, mostMs);
    this.#keep(key, library);
    return library;
  }

  #load(source: string, play: RunningPlay, mostMs?: number): LoadedLibrary {
    this.#base ??= makeLibraryBase(this.#module);
    return new LoadedLibrary(this.#base, source, play, mostMs);
  }

  #keep(key: string, library: LoadedLibrary): void {
    if (!this.#loaded.delete(key)) this.#keptBytes += library.bytes;
    this.#loaded.set(key, library);
    for (const [oldest, { bytes }] of this.#loaded) {
      if (this.#keptBytes <= MOST_KEPT_BYTES || oldest === key) return;
      this.#loaded.delete(oldest);
      this.#keptBytes -= bytes;
    }
  }
}

/** What a library's variables hold lasts until the play ends, or calls another version of it. */
class OpenLibrary implements LibraryCalls {
  readonly #instance: LibraryInstance;
  readonly #caller: LibraryCaller;
  #begun: LoadedLibrary | undefined;

  constructor(instance: LibraryInstance, caller: LibraryCaller) {
    this.#instance = instance;
    this.#caller = caller;
  }

  check(source: string): void {
    this.#instance.loaded(source, this.#caller, MOST_LOAD_MS);
  }

  call(source: string, name: string, args: string): string {
    const library = this.#loaded(source);
    if (library !== this.#begun) {
      this.#begun?.close();
      this.#begun = library;
      library.begin(this.#caller);
    }
    return library.call(this.#caller, name, args);
  }

  close(): void {
    this.#begun?.close();
  }

  /** Who calls is not told what is wrong with a library that somebody put there by hand: that is its owner's. */
  #loaded(source: string): LoadedLibrary {
    try {
      return this.#instance.loaded(source, this.#caller);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      throw new ScriptError("TypeError", "circle: the circle's library cannot be loaded");
    }
  }
}
