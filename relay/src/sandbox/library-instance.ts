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

  /** What a library's variables hold lasts until the play ends, or calls another version of it. */
  open(caller: LibraryCaller): LibraryCalls {
    let begun: LoadedLibrary | undefined;
    const key = (source: string) => `${caller.circle}\n${source}`;
    return {
      check: (source) => {
        if (!this.#loaded.has(key(source))) this.#keep(key(source), this.#load(source, caller.play, MOST_LOAD_MS));
      },
      call: (source, name, args) => {
        let library = this.#loaded.get(key(source));
        if (!library) library = loadForCall(() => this.#load(source, caller.play));
        this.#keep(key(source), library);
        if (library !== begun) {
          begun?.close();
          begun = library;
          library.begin(caller);
        }
        return library.call(caller, name, args);
      },
      close: () => begun?.close(),
    };
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

/** Who calls is not told what is wrong with a library that somebody put there by hand: that is its owner's. */
function loadForCall(load: () => LoadedLibrary): LoadedLibrary {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    throw new ScriptError("TypeError", "circle: the circle's library cannot be loaded");
  }
}
