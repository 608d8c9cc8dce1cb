import { type Circle, connect, type Keypair, type TaskId } from "@circles/sdk";

const IN_FLIGHT = 16;
const SCRIPT = "const n = (data.get('n') ?? 0) + 1; data.set('n', n); n";

/** An owner who plays in their own circle, in order. What breaks on the way is for the SDK to heal. */
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

  /** Resolves when every play is answered. `onAnswer` hears of each. Rejects with the first that fails. */
  async run(onAnswer: () => void): Promise<void> {
    const circle = await connect(`${this.#url}/${this.signer.publicKey}`, { signer: this.signer });
    try {
      const flying = new Set<Promise<void>>();
      for (const taskId of this.#ids) {
        const landed: Promise<void> = this.#play(circle, taskId, onAnswer).finally(() => flying.delete(landed));
        landed.catch(() => {}); // of those in flight the first that fails is heard of
        flying.add(landed);
        if (flying.size >= IN_FLIGHT) await Promise.race(flying);
      }
      await Promise.all(flying);
    } finally {
      circle.close();
    }
  }

  async #play(circle: Circle, taskId: TaskId, onAnswer: () => void): Promise<void> {
    const value = await circle.play<number>(SCRIPT, null, { taskId, timeoutMs: 60_000 });
    this.answers.set(taskId, value);
    onAnswer();
  }
}
