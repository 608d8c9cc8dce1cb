import type { Play } from "../play.ts";
import type { ControlPlay } from "./control-play.ts";

/** A circle's own API: an ES module whose exported functions scripts call as `circle.name(...)`. */
export interface CircleLibrary {
  /** The module's source; `null` if there is none. */
  get(): Play<string | null>;
  /** Rejects with `WireError` -32000 that says where, if the module does not compile or throws. */
  set(source: string): Play<null>;
}

export function makeLibrary(play: ControlPlay): CircleLibrary {
  return {
    get: () => play("library.get()"),
    set: (source) => play("library.set(args)", source),
  };
}
