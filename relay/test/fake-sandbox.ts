import { setImmediate } from "node:timers/promises";
import { textOf } from "../src/namespace/contents.ts";
import { pathOf } from "../src/namespace/names.ts";
import { FileSnapshot, type SnapshotSource } from "../src/namespace/snapshot.ts";
import type {
  Content,
  RunOptions,
  Sandbox,
  SandboxPlay,
  ScriptResult,
  Sequence,
  Write,
} from "../src/sandbox/sandbox.ts";

/** What a script of a test is handed. */
export type Seen = SandboxPlay & RunOptions & { readonly read: (name: string) => unknown };
type FakeScript = (seen: Seen) => ScriptResult | Promise<ScriptResult>;

/** A script's end with this value and these writes; `undefined` deletes. */
export function ended(output: unknown = null, changes: Record<string, unknown> = {}): ScriptResult {
  const writes = Object.entries(changes).map(([name, value]): Write => {
    const json = JSON.stringify(value) as string | undefined;
    return { path: pathOf("document", name), content: json === undefined ? null : { json } };
  });
  const end = { kind: "value", output: JSON.stringify(output), format: "json" } as const;
  return { end, writes, cpuMs: 0, killed: false, used: [] };
}

/** A sandbox whose scripts are functions of the test, by name; it keeps the names of those that ran. */
export class FakeSandbox implements Sandbox<SnapshotSource> {
  readonly ran: string[] = [];
  /** How many documents were committed and not in their files yet when each sequence began. */
  readonly pending: number[] = [];
  /** Circles whose policy was changed. */
  readonly reauthorized: string[] = [];
  readonly #scripts: Readonly<Record<string, FakeScript>>;

  constructor(scripts: Readonly<Record<string, FakeScript>>) {
    this.#scripts = scripts;
  }

  run({ snapshot, plays }: Sequence<SnapshotSource>): Promise<ScriptResult>[] {
    this.pending.push(snapshot.pending.size);
    const written = new Map<string, Content | null>();
    const files = new FileSnapshot(snapshot, () => []);
    const read = (name: string): unknown => {
      const path = pathOf("document", name);
      const change = written.get(path);
      const text = change ? textOf(change) : change === null ? undefined : files.readText(path);
      return text === undefined ? undefined : JSON.parse(text);
    };
    let before: Promise<unknown> = Promise.resolve();
    return plays.map((play) => {
      const result = before.then(async () => {
        await setImmediate(); // what comes of a play is known before the next one begins
        if (play.signal?.aborted) {
          return { end: { kind: "cancelled" }, writes: [], cpuMs: 0, killed: false, used: [] } as const;
        }
        const script = this.#scripts[play.script];
        if (!script) throw new Error(`sandbox: expected a script of this test, got ${play.script}`);
        this.ran.push(play.script);
        const began = performance.now();
        const ended = await script({ ...play, read });
        for (const { path, content } of ended.writes) written.set(path, content);
        return { ...ended, cpuMs: performance.now() - began };
      });
      before = result;
      return result;
    });
  }

  reauthorize(circle: string): void {
    this.reauthorized.push(circle);
  }

  async close(): Promise<void> {}
}
