import { ErrorCode, type LimitReached, type PublicKey, WireError } from "@circles/sdk/protocol";
import type { Task } from "../task.ts";
import type { BrokerLimits } from "./broker.ts";

const RETRY_AFTER_MS = 250;

export const DEFAULT_LIMITS: BrokerLimits = Object.freeze({
  mostPerCircle: 10_000,
  mostPerCaller: 2_000,
  mostCharactersPerCaller: 16 * 2 ** 20,
  mostCharacters: 128 * 2 ** 20,
});

/** The control lane is for its circle's owner alone. */
export const MOST_IN_CONTROL_LANE = 200;

/** What waits or runs, counted by caller and by size. Each lane counts its own tasks. */
export class Room {
  readonly #limits: Omit<BrokerLimits, "mostPerCircle">;
  readonly #perCaller = new Map<PublicKey, { tasks: number; characters: number }>();
  #characters = 0;

  constructor(limits: Omit<BrokerLimits, "mostPerCircle">) {
    this.#limits = limits;
  }

  /** @throws {WireError} -32007 if there is none for this task. */
  check(task: Task): void {
    const { mostPerCaller, mostCharactersPerCaller, mostCharacters } = this.#limits;
    const ofCaller = this.#perCaller.get(task.caller) ?? { tasks: 0, characters: 0 };
    if (ofCaller.tasks >= mostPerCaller) throw busy("queued_per_caller", ofCaller.tasks, mostPerCaller);
    const charactersOfCaller = ofCaller.characters + sizeOf(task);
    if (charactersOfCaller > mostCharactersPerCaller) {
      throw busy("queued_characters_per_caller", charactersOfCaller, mostCharactersPerCaller);
    }
    const characters = this.#characters + sizeOf(task);
    if (characters > mostCharacters) throw busy("queued_characters", characters, mostCharacters);
  }

  count(task: Task, sign: 1 | -1): void {
    const ofCaller = this.#perCaller.get(task.caller) ?? { tasks: 0, characters: 0 };
    ofCaller.tasks += sign;
    ofCaller.characters += sign * sizeOf(task);
    if (ofCaller.tasks > 0) this.#perCaller.set(task.caller, ofCaller);
    else this.#perCaller.delete(task.caller);
    this.#characters += sign * sizeOf(task);
  }
}

export function busy(limit: string, used: number, allowed: number): WireError {
  const data: LimitReached = { limit, used, allowed, retry_after_ms: RETRY_AFTER_MS };
  return new WireError(ErrorCode.Busy, `busy: ${limit} is at its limit of ${allowed}`, data);
}

/** UTF-16 units. */
export function sizeOf({ script, args }: Task): number {
  return script.length + args.length;
}
