import type { PublicKey, TaskId } from "@circles/sdk/protocol";
import type { TaskKey } from "../task.ts";

type Named = { readonly circle: PublicKey; readonly id: TaskId };

/** Finds tasks by circle and id alone, as the owner of the circle names them. Several callers may use one id. */
export class TaskIds {
  readonly #keys = new Map<string, TaskKey[]>();

  add(key: TaskKey, named: Named): void {
    const name = nameOf(named);
    const keys = this.#keys.get(name);
    if (keys) keys.push(key);
    else this.#keys.set(name, [key]);
  }

  delete(key: TaskKey, named: Named): void {
    const name = nameOf(named);
    const others = this.#keys.get(name)?.filter((other) => other !== key) ?? [];
    if (others.length > 0) this.#keys.set(name, others);
    else this.#keys.delete(name);
  }

  /** Oldest first. */
  keysOf(named: Named): readonly TaskKey[] {
    return this.#keys.get(nameOf(named)) ?? [];
  }
}

function nameOf({ circle, id }: Named): string {
  return `${circle}/${id}`;
}
