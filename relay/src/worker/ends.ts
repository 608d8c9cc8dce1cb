import { ErrorCode, type LimitReached, type LogHead, type ScriptFailure, WireError } from "@circles/sdk/protocol";
import { StorageFull } from "../namespace/file-index.ts";
import { NameRefused } from "../namespace/names.ts";
import type { FinalEnd } from "../namespace/record.ts";
import type { ScriptEnd } from "../sandbox/sandbox.ts";
import type { Outcome, Task, WorkerTiming } from "../task.ts";
import type { AskingPlay } from "./asking-play.ts";

/** A script's end that its record is to tell. The others are `StoppedEnd`. */
type RecordedEnd = Exclude<ScriptEnd, StoppedEnd>;

/** The script was stopped because its caller may not do what it needed. */
export type StoppedEnd = Extract<ScriptEnd, { kind: "denied" | "asks" | "exhausted" }>;

export function isStopped(end: ScriptEnd): end is StoppedEnd {
  return end.kind === "denied" || end.kind === "asks" || end.kind === "exhausted";
}

/** What the log says of how a script ended. */
export function loggedEnd(end: RecordedEnd): FinalEnd {
  switch (end.kind) {
    case "value":
      return { status: "completed", output: end.output, format: end.format };
    case "cancelled":
      return CANCELLED;
    case "late":
      return EXPIRED;
    case "limit": {
      const { limit, used, allowed } = end;
      const code = limit === "wall_ms" ? ErrorCode.TimedOut : ErrorCode.LimitReached;
      const data = used === undefined ? { limit, allowed } : { limit, used, allowed };
      return { status: "error", failure: { code, message: `limit reached: ${limit} of ${allowed}`, data } };
    }
    case "thrown":
      return thrownEnd(end);
  }
}

export const CANCELLED: FinalEnd = {
  status: "cancelled",
  failure: { code: ErrorCode.Cancelled, message: "cancelled" },
};

/** A play that waited, and its owner decided nothing in time. */
export const UNANSWERED: FinalEnd = {
  status: "expired",
  failure: { code: ErrorCode.TimedOut, message: "timed out: the circle's owner did not decide in time" },
};

/** A play with which one worker after the other died. */
export function deadLetter(attempts: number): FinalEnd {
  const message = `gave up: ${attempts} workers ended while they had this play`;
  return { status: "error", failure: { code: ErrorCode.InternalError, message, data: { attempts } } };
}

export const EXPIRED: FinalEnd = {
  status: "expired",
  failure: { code: ErrorCode.TimedOut, message: "timed out: the play's deadline passed before its turn came" },
};

/** The outcome of a play whose record stands in the log at `log`; `timing` where it ran just now. */
export function outcomeOf(end: FinalEnd, log: LogHead, timing?: WorkerTiming): Outcome {
  if (end.status !== "completed") return { status: end.status, failure: end.failure, log };
  return { status: end.status, output: end.output, format: end.format, log, ...(timing ? { timing } : {}) };
}

/** What a play lacks whose device the circle has revoked. */
export const DEVICE = "device";

/** A play that needed what nobody gave it. */
export function denied(capability: string): WireError {
  return new WireError(ErrorCode.Denied, `denied by the circle's policy: missing ${capability}`, { capability });
}

/** A play that needed what it may use again in a while. */
export function exhausted({
  capability,
  allowed,
  retryAfterMs,
}: Omit<Extract<ScriptEnd, { kind: "exhausted" }>, "kind">): WireError {
  const data: LimitReached = { limit: "plays_per_minute", allowed, retry_after_ms: retryAfterMs };
  return new WireError(ErrorCode.Busy, `busy: ${capability} is at its limit of ${allowed} plays per minute`, data);
}

/** A play that the owner was asked about, and denied. */
export function deniedByOwner({ capability, reason }: AskingPlay): FinalEnd {
  const said = reason === undefined ? "" : `: ${reason}`;
  const data = { capability, ...(reason === undefined ? {} : { reason }) };
  return {
    status: "denied",
    failure: { code: ErrorCode.Denied, message: `denied by the circle's owner${said}`, data },
  };
}

/** A refusal as a record tells it: of a play that has waited, and so has a record that another must follow. */
export function endOfRefused({ code, message, data }: WireError): FinalEnd {
  const status = code === ErrorCode.Denied ? "denied" : "error";
  return { status, failure: { code, message, data } };
}

/** What a play that may not write what it wrote ends with. @throws what is not about its writes. */
export function endOfWrites(error: unknown, { caller, circle }: Pick<Task, "caller" | "circle">): FinalEnd {
  if (error instanceof StorageFull) {
    const { used, allowed } = error;
    const limit = "circle_storage_bytes";
    // How much is used tells whoever writes over a file that they may not read how large it is.
    const data: LimitReached = caller === circle ? { limit, used, allowed } : { limit, allowed };
    const message = `circle: expected at most ${allowed} bytes of files, got more`;
    return { status: "error", failure: { code: ErrorCode.LimitReached, message, data } };
  }
  if (!(error instanceof NameRefused)) throw error;
  return loggedEnd({ kind: "thrown", name: "TypeError", message: error.message });
}

function thrownEnd({ name, message, stack, line, column }: Extract<ScriptEnd, { kind: "thrown" }>): FinalEnd {
  const data: ScriptFailure = { name };
  if (stack !== undefined) data.stack = stack;
  if (line !== undefined) data.line = line;
  if (column !== undefined) data.column = column;
  return { status: "error", failure: { code: ErrorCode.ScriptError, message: `${name}: ${message}`, data } };
}

/** What is told of a task that ends with this. */
export function failureOf(error: unknown) {
  if (error instanceof WireError) return { code: error.code, message: error.message, data: error.data };
  // Perhaps it is in the log and perhaps not: sent again under the same id, the play is answered or played.
  return { code: ErrorCode.InternalError, message: "internal error", data: { outcome: "unknown" } };
}
