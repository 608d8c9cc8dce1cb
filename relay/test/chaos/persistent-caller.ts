import { setTimeout as wait } from "node:timers/promises";
import {
  type Circle,
  ConnectionError,
  connect,
  DeadlineError,
  type Keypair,
  type TaskId,
  WireError,
} from "@circles/sdk";

const IN_FLIGHT = 16;
const SCRIPT = "const n = (data.get('n') ?? 0) + 1; data.set('n', n); n";

/** An owner who plays in their own circle, in order, and sends again under the same ids whatever was not answered. */
export class PersistentCaller {
  readonly signer: Keypair;
  /** Values by task id, in the order in which the plays were first sent. */
  readonly answers = new Map<TaskId, number>();
  readonly #url: string;
  readonly #ids: TaskId[];

  constructor({ url, signer, plays }: { url: string; signer: Keypair; plays: number }) {
    this.#url = url;
    this.signer = signer;
    this.#ids = Array.from({ length: plays }, (_, i) => `play-${String(i).padStart(12, "0")}` as TaskId);
  }

  get ids(): readonly TaskId[] {
    return this.#ids;
  }

  /** Resolves when every play is answered. `onAnswer` hears of each. @throws what is no fault of the connection. */
  async run(onAnswer: () => void): Promise<void> {
    while (this.answers.size < this.#ids.length) {
      try {
        const circle = await connect(`${this.#url}/${this.signer.publicKey}`, {
          signer: this.signer,
          timeoutMs: 5_000,
        });
        try {
          await this.#playAll(circle, onAnswer);
        } finally {
          circle.close();
        }
      } catch (error) {
        if (!isFault(error)) throw error;
        await wait(100);
      }
    }
  }

  async #playAll(circle: Circle, onAnswer: () => void): Promise<void> {
    const left = this.#ids.filter((id) => !this.answers.has(id));
    const flying = new Set<Promise<void>>();
    for (const taskId of left) {
      const landed: Promise<void> = this.#play(circle, taskId, onAnswer).finally(() => flying.delete(landed));
      landed.catch(() => {}); // of those in flight the first that fails is heard of
      flying.add(landed);
      if (flying.size >= IN_FLIGHT) await Promise.race(flying);
    }
    await Promise.all(flying);
  }

  async #play(circle: Circle, taskId: TaskId, onAnswer: () => void): Promise<void> {
    const value = await circle.play<number>(SCRIPT, null, { taskId, timeoutMs: 60_000 });
    this.answers.set(taskId, value);
    onAnswer();
  }
}

/** Something on the way broke, and nobody knows whether the play happened: it is sent again. */
function isFault(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof DeadlineError) return true;
  if (!(error instanceof WireError)) return false;
  const { outcome } = (error.data ?? {}) as { outcome?: string };
  return outcome === "unknown" || error.code === -32007;
}
