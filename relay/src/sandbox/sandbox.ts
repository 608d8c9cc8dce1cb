import type { Event } from "../task.ts";

/** Reaching a limit ends the script, never the worker. */
export type Limits = {
  /** Time that the script may hold its thread. */
  readonly cpuMs: number;
  /** Time from start to end, waiting included. */
  readonly wallMs: number;
  /** Everything the script allocates: objects, strings, ArrayBuffers. */
  readonly memoryBytes: number;
  /** UTF-8 bytes of the result's JSON. */
  readonly outputBytes: number;
  readonly events: number;
  /** UTF-8 bytes of the JSON of all events together. */
  readonly eventBytes: number;
  /** UTF-8 bytes of names and values in the write set, and 1,024 for each of its changes. */
  readonly storageBytes: number;
};

const MiB = 2 ** 20;

export const DEFAULT_LIMITS: Limits = Object.freeze({
  cpuMs: 1_000,
  wallMs: 5_000,
  memoryBytes: 32 * MiB,
  outputBytes: MiB / 2 - 4_096, // an answer fits into one frame, even if all of it must be escaped
  events: 1_000,
  eventBytes: MiB / 2,
  storageBytes: 4 * MiB,
});

/** A limit by its name on the wire. */
export type LimitName =
  | "cpu_ms"
  | "wall_ms"
  | "memory_bytes"
  | "output_bytes"
  | "events"
  | "event_bytes"
  | "storage_bytes";

/** One change of a document. `value` is JSON text; `null` deletes. */
export type Write = { readonly name: string; readonly value: string | null };

/** How a script ended. A script that fails is a value, not an exception. */
export type ScriptEnd =
  | { readonly kind: "value"; readonly output: string; readonly format: "text" | "json" }
  | {
      readonly kind: "thrown";
      readonly name: string;
      readonly message: string;
      readonly stack?: string | undefined;
      /** From 1, in the source that was sent. */
      readonly line?: number | undefined;
      readonly column?: number | undefined;
      /** Nothing of the script ran: it did not compile. */
      readonly compiling?: boolean;
    }
  | { readonly kind: "limit"; readonly limit: LimitName; readonly used?: number; readonly allowed: number }
  | { readonly kind: "cancelled" }
  /** Its deadline passed before it began. */
  | { readonly kind: "late" };

export type ScriptResult = {
  readonly end: ScriptEnd;
  /** Each name once. Empty unless the end is a value: a script that fails writes nothing. */
  readonly writes: readonly Write[];
  readonly cpuMs: number;
  /** The script did not stop when told and its thread was ended from outside. */
  readonly killed: boolean;
};

/** What a script reads of its circle: one state, unchanged while the script runs. */
export interface Snapshot {
  /** Refuses a name that no document can have. @throws {RefusedName} */
  checkName(name: string): void;
  /** The document's JSON text; `undefined` if there is none. */
  read(name: string): string | undefined;
  /** Names that begin with `prefix`, sorted by UTF-16 units. */
  list(prefix: string): string[];
}

/** The name of a document is not allowed; the script that used it gets this as a `TypeError`. */
export class RefusedName extends Error {
  override name = "RefusedName";
}

/** A script with what it is told. */
export type SandboxPlay = {
  readonly script: string;
  /** JSON text. */
  readonly args: string;
  readonly caller: string;
};

export type RunOptions = {
  /** Limits that differ from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits>;
  /** Unix milliseconds: a script that has not begun by then does not, one that has may run so long and no longer. */
  readonly deadline?: number;
  /** Called in order, and not after the play's result is known. */
  readonly onEvent?: (event: Event) => void;
  /** Aborting ends the script: it then wrote nothing. */
  readonly signal?: AbortSignal;
};

/** Plays of one circle, to be run one after the other. */
export type Sequence<SnapshotSource> = {
  readonly circle: string;
  /** The state that the first play reads, as the sandbox's threads understand it. */
  readonly snapshot: SnapshotSource;
  readonly plays: readonly (SandboxPlay & RunOptions)[];
  /** Aborting cancels all that have no result yet. */
  readonly signal?: AbortSignal;
};

export interface Sandbox<SnapshotSource = unknown> {
  /**
   * Runs each script once, in a heap that no script used before. A play reads what the plays before it wrote, if they
   * ended with a value. The promises resolve in order, each when its play has ended. A script that fails, in whatever
   * way, is a result, and the plays after it run; only a broken or closed sandbox rejects.
   */
  run(sequence: Sequence<SnapshotSource>): Promise<ScriptResult>[];
  close(): Promise<void>;
}
