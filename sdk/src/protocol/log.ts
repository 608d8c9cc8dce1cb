import type { PublicKey, Sha256, TaskId } from "./ids.ts";

/** A record of a circle's log as `log.read` shows it. `at` is ISO 8601, `prev` the hash of the line before. */
export type LogRecord = { readonly seq: number; readonly prev: Sha256; readonly at: string } & (
  | LoggedPlay
  | LoggedDenials
  | { readonly kind: "segment"; readonly number: number }
  | { readonly kind: "checkpoint" }
);

/** A play that ended, or began to wait for the owner. */
export type LoggedPlay = {
  readonly kind: "play";
  readonly task: TaskId;
  readonly caller: PublicKey;
  /** The device key that signed it for its caller, if one did. */
  readonly device?: PublicKey;
  /** Of the script and of its arguments' canonical JSON. */
  readonly script: ContentHash;
  readonly args: ContentHash;
  /** Paths below the circle's folder, such as `data/notes/a.json`; what was written is there. */
  readonly writes: readonly string[];
  /** Topics of what it emitted, in order; left out where that is nothing. */
  readonly events?: readonly string[];
} & (
  | { readonly status: "completed"; readonly output: string; readonly format: "text" | "json" }
  | {
      readonly status: "error" | "cancelled" | "denied" | "expired";
      readonly failure: { readonly code: number; readonly message: string; readonly data?: unknown };
    }
  | { readonly status: "waiting"; readonly capability: string; readonly expires_at: number }
);

/** What was denied since a time (ISO 8601), counted instead of told one by one. `others` are of callers not named. */
export type LoggedDenials = {
  readonly kind: "denials";
  readonly since: string;
  readonly denials: readonly { readonly caller: PublicKey; readonly capability: string; readonly plays: number }[];
  readonly others?: { readonly plays: number };
};

/** SHA-256 in hex after `sha256:`, as policies name scripts. */
export type ContentHash = `sha256:${string}`;

/** One answer of `log.read`. `next`: the number after which to go on; left out at the end of the log. */
export type LogPage = { readonly records: readonly LogRecord[]; readonly next?: number };

/** What `log.read` takes. */
export type LogOptions = {
  /** Records with a number above this. Default 0: from the first that is kept. */
  readonly after?: number;
  /** 1 to 1,000; default 100. Fewer come if they are long. */
  readonly limit?: number;
  /** Only what this caller did or was denied. */
  readonly caller?: string;
};

/** The room that a circle takes: its documents, files, policy, library and inbox. Its log is not counted. */
export type CircleStorage = {
  /** Bytes of content, and 1,024 for each file and folder. */
  readonly used_bytes: number;
  /** A play that would go beyond it ends as an error, and writes nothing. */
  readonly allowed_bytes: number;
};
