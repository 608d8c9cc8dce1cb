import type { Namespace } from "../namespace/namespace.ts";
import type { Write } from "../sandbox/sandbox.ts";

/** When policy, library and inbox entries were last changed, from the moment of the commit's call on. */
type Changes = { now: number; readonly paths: Map<string, number> };

const MOST_PATHS = 4_096;

/**
 * Notices when two plays change the same of a circle's own files at once: plays of the control lane run beside the
 * others, so one of them may have read what is no longer so. That one runs again.
 */
export class ConfigChanges {
  readonly #changes = new WeakMap<Namespace, Changes>();

  /** To be asked when a play begins, and handed to `conflicts` when it ends. */
  now(namespace: Namespace): number {
    return this.#changes.get(namespace)?.now ?? 0;
  }

  conflicts(namespace: Namespace, writes: readonly Write[], since: number): boolean {
    const changes = this.#changes.get(namespace);
    if (!changes || changes.now === since) return false;
    return writes.some(({ path }) => isConfig(path) && (changes.paths.get(path) ?? 0) > since);
  }

  /** These are being committed. */
  add(namespace: Namespace, writes: readonly Write[]): void {
    const paths = writes.flatMap(({ path }) => (isConfig(path) ? [path] : []));
    if (paths.length === 0) return;
    const changes = this.#changes.get(namespace) ?? { now: 0, paths: new Map<string, number>() };
    this.#changes.set(namespace, changes);
    changes.now += 1;
    for (const path of paths) {
      changes.paths.delete(path);
      changes.paths.set(path, changes.now);
    }
    // What changed longest ago is what no play that runs now has read before.
    for (const path of changes.paths.keys()) {
      if (changes.paths.size <= MOST_PATHS) return;
      changes.paths.delete(path);
    }
  }
}

export function isConfig(path: string): boolean {
  return !path.startsWith("data/");
}
