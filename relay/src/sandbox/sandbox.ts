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
  /** Events for subscribers. */
  readonly emittedEvents: number;
  /** UTF-8 bytes of their topics and JSON together. */
  readonly emittedBytes: number;
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
  emittedEvents: 100,
  emittedBytes: MiB / 16,
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
  | "emitted_events"
  | "emitted_bytes"
  | "storage_bytes";

/** What a file of the circle holds: a document's JSON text, a text, or bytes. */
export type Content = { readonly json: string } | { readonly text: string } | { readonly base64: string };

/** One change of a file. `path` is below the circle's folder; `null` deletes. */
export type Write = { readonly path: string; readonly content: Content | null };

/** An event for those who subscribe to its topic, if the play commits. `json` is the text of its value. */
export type Emitted = { readonly topic: string; readonly json: string };

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
  /** It needed a capability that its caller does not hold. */
  | { readonly kind: "denied"; readonly capability: string }
  /** It needed a capability that only the circle's owner can give it, when asked. */
  | { readonly kind: "asks"; readonly capability: string }
  /** It needed a capability whose rate is used up. */
  | { readonly kind: "exhausted"; readonly capability: string; readonly allowed: number; readonly retryAfterMs: number }
  | { readonly kind: "cancelled" }
  /** Its deadline passed before it began. */
  | { readonly kind: "late" };

export type ScriptResult = {
  readonly end: ScriptEnd;
  /** Each name once. Empty unless the end is a value: a script that fails writes nothing. */
  readonly writes: readonly Write[];
  /** In order; left out where there is nothing, as it is unless the end is a value. */
  readonly emitted?: readonly Emitted[];
  readonly cpuMs: number;
  /** The script did not stop when told and its thread was ended from outside. */
  readonly killed: boolean;
  /** What its authority relied on, to be looked at once more before it is committed. */
  readonly used: readonly string[];
};

/** What names stand for. */
export type NameKind = "document" | "file" | "inbox";

export type ListOptions = {
  readonly kind: NameKind;
  readonly prefix: string;
  /** Names from this one on, itself included. */
  readonly start?: string | undefined;
  readonly limit?: number | undefined;
};

/** What a script reads of its circle: one state, unchanged while the script runs. Paths are below the circle's folder. */
export interface Snapshot {
  /** The path of what has this name. @throws {RefusedName} for a name that none can have. */
  pathOf(kind: NameKind, name: string): string;
  /** `undefined` if there is none. @throws {RefusedName} if it is no UTF-8. */
  readText(path: string): string | undefined;
  readBase64(path: string): string | undefined;
  /** Names, sorted by UTF-16 units. */
  list(options: ListOptions): string[];
}

/** What an authority says of one capability. */
export type Verdict =
  /** `limits` are those of what gives it, and hold from now on. */
  | { readonly kind: "held"; readonly limits?: Partial<Limits> }
  | { readonly kind: "missing" }
  /** The owner could give it, if asked. */
  | { readonly kind: "ask" }
  | { readonly kind: "exhausted"; readonly allowed: number; readonly retryAfterMs: number };

/** What one play may do. Asked at every host call, so that what was taken away meanwhile counts no more. */
export interface Authority {
  /** Under these a play begins, before it used anything. */
  readonly initialLimits: Partial<Limits>;
  /** `capability` as in a policy, with a name in the place of a glob: `read:notes/a`. */
  check(capability: string): Verdict;
  /** May it list names that begin so? `nothing`: it may, and can read none of them. */
  readsBelow(prefix: string): Verdict | { readonly kind: "nothing" };
  /** What checks that were held relied on. */
  readonly used: readonly string[];
}

/** Files as the tools of a play see them, its own writes included. */
export type ToolFiles = {
  readonly caller: string;
  readonly circle: string;
  readText(path: string): string | undefined;
  list(options: ListOptions): string[];
  write(path: string, content: Content | null): void;
};

/**
 * What a script can ask for beside data: `policy.get`, `inbox.list` and so on. The capability, which is the part before
 * the dot, was checked.
 */
export interface Tools {
  /** `args` is an array of JSON values; so is the answer, `undefined` for none. @throws {RefusedName} for the script. */
  call(operation: string, args: readonly unknown[], files: ToolFiles): unknown;
}

/** What a script asked for is not allowed or makes no sense; it gets this as a `TypeError`. */
export class RefusedName extends Error {
  override name = "RefusedName";
}

/** A script with what it is told. */
export type SandboxPlay = {
  readonly script: string;
  /** JSON text. */
  readonly args: string;
  readonly caller: string;
  /** What the caller may do, as the threads' `openAuthority` understands it; `""` stands for everything. */
  readonly authority: string;
  /** The key that signed it for the caller, if another did. Scripts do not see it. */
  readonly device?: string | undefined;
  /** `control`: it may use the tools, and neither data nor the circle's API. */
  readonly lane?: "control" | undefined;
};

export type RunOptions = {
  /** Limits that differ from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits>;
  /** Unix milliseconds: a script that has not begun by then does not, one that has may run so long and no longer. */
  readonly deadline?: number;
  /** Called in order, and not after the play's result is known. */
  readonly onEvent?: (event: Event) => void;
  /** Aborting ends the script: it then wrote nothing. Looked at, never listened to. */
  readonly signal?: Pick<AbortSignal, "aborted">;
};

/** Plays of one circle, to be run one after the other. */
export type Sequence<SnapshotSource> = {
  readonly circle: string;
  /** The state that the first play reads, as the sandbox's threads understand it. */
  readonly snapshot: SnapshotSource;
  readonly plays: readonly (SandboxPlay & RunOptions)[];
  /** Aborting cancels all that have no result yet. Looked at, never listened to. */
  readonly signal?: Pick<AbortSignal, "aborted">;
  /** Answers what a thread asks while one of these plays runs. What it throws, the script's play ends with. */
  readonly answer?: (question: unknown) => unknown;
};

export interface Sandbox<SnapshotSource = unknown> {
  /**
   * Runs each script once, in a heap that no script used before. A play reads what the plays before it wrote, if they
   * ended with a value. The promises resolve in order, each when its play has ended. A script that fails, in whatever
   * way, is a result, and the plays after it run; only a broken or closed sandbox rejects.
   */
  run(sequence: Sequence<SnapshotSource>): Promise<ScriptResult>[];
  /** Gives plays of a circle that have no result yet another authority; one that runs has it from its next host call on. */
  reauthorize(circle: string, authorityOf: (play: SandboxPlay) => string): void;
  close(): Promise<void>;
}
