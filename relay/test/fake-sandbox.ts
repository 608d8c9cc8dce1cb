import { setImmediate } from "node:timers/promises";
import { DocumentSnapshot, type SnapshotSource } from "../src/namespace/snapshot.ts";
import type { RunOptions, Sandbox, SandboxPlay, ScriptResult, Sequence, Write } from "../src/sandbox/sandbox.ts";

/** What a script of a test is handed. */
export type Seen = SandboxPlay & RunOptions & { readonly read: (name: string) => unknown };
type FakeScript = (seen: Seen) => ScriptResult | Promise<ScriptResult>;

/** A script's end with this value and these writes; `undefined` deletes. */
export function ended(output: unknown = null, changes: Record<string, unknown> = {}): ScriptResult {
  const writes = Object.entries(changes).map(
    ([name, value]): Write => ({ name, value: JSON.stringify(value) ?? null }),
  );
  return { end: { kind: "value", output: JSON.stringify(output), format: "json" }, writes, cpuMs: 1, killed: false };
}

/** A sandbox whose scripts are functions of the test, by name; it keeps the names of those that ran. */
export class FakeSandbox implements Sandbox<SnapshotSource> {
  readonly ran: string[] = [];
  /** How many documents were committed and not in their files yet when each sequence began. */
  readonly pending: number[] = [];
  readonly #scripts: Readonly<Record<string, FakeScript>>;

  constructor(scripts: Readonly<Record<string, FakeScript>>) {
    this.#scripts = scripts;
  }

  run({ snapshot, plays }: Sequence<SnapshotSource>): Promise<ScriptResult>[] {
    this.pending.push(snapshot.pending.size);
    const written = new Map<string, string | null>();
    const documents = new DocumentSnapshot(snapshot);
    const read = (name: string): unknown => {
      const text = written.has(name) ? written.get(name) : documents.read(name);
      return typeof text === "string" ? JSON.parse(text) : undefined;
    };
    let before: Promise<unknown> = Promise.resolve();
    return plays.map((play) => {
      const result = before.then(async () => {
        await setImmediate(); // what comes of a play is known before the next one begins
        if (play.signal?.aborted) return { end: { kind: "cancelled" }, writes: [], cpuMs: 0, killed: false } as const;
        const script = this.#scripts[play.script];
        if (!script) throw new Error(`sandbox: expected a script of this test, got ${play.script}`);
        this.ran.push(play.script);
        const ended = await script({ ...play, read });
        for (const { name, value } of ended.writes) written.set(name, value);
        return ended;
      });
      before = result;
      return result;
    });
  }

  async close(): Promise<void> {}
}
