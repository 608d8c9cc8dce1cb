/**
 * Codes that cross the wire. Those of JSON-RPC 2.0 §5.1 keep their meaning; ours lie in -32000…-32099, which that
 * section leaves to servers.
 */
export const ErrorCode = {
  ParseError: -32700,
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidParams: -32602,
  InternalError: -32603,
  /** The script threw; `data` is a `ScriptFailure`. */
  ScriptError: -32000,
  NotLoggedIn: -32001,
  /** The connection closes after this answer. */
  InvalidCredentials: -32002,
  /** Denied by the circle's policy; `data.capability` is what was missing. */
  Denied: -32003,
  /** A limit was reached; `data` is a `LimitReached`. */
  LimitReached: -32004,
  TimedOut: -32005,
  Cancelled: -32006,
  /** A queue is full or a rate is exceeded; `data.retry_after_ms` says when to try again. */
  Busy: -32007,
  /** The envelope or delegation is expired or not yet valid. */
  Expired: -32008,
  /** The task id was used for another script or other arguments. */
  TaskIdReused: -32009,
  BadEnvelope: -32010,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** `data` of -32004, -32005 and -32007, where a limit is what ended the play. */
export type LimitReached = {
  /** The limit by its name, unit included: `cpu_ms`, `wall_ms`, `memory_bytes`, `output_bytes`, … */
  limit: string;
  used?: number;
  allowed: number;
  retry_after_ms?: number;
};

/** `data` of -32000. Line and column count from 1 in the source that was sent. */
export type ScriptFailure = { name: string; stack?: string; line?: number; column?: number };

/** A failure the other side must hear about. Any other throw is logged where it happens and sent as -32603. */
export class WireError extends Error {
  override name = "WireError";

  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** When the other side says to try again, in ms; `undefined` where it says nothing of use, for what it says may be anything. */
export function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof WireError)) return undefined;
  const { retry_after_ms: ms } = (error.data ?? {}) as { retry_after_ms?: unknown };
  return typeof ms === "number" && ms >= 0 ? ms : undefined;
}
