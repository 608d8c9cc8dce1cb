import { ErrorCode, type LogHead, type ScriptFailure } from "@circles/sdk/protocol";
import type { LoggedEnd, LoggedWrite } from "../namespace/record.ts";
import type { ScriptEnd, Write } from "../sandbox/sandbox.ts";
import type { Outcome } from "../task.ts";

/** What the log says of how a script ended. */
export function loggedEnd(end: ScriptEnd): LoggedEnd {
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

export const CANCELLED: LoggedEnd = {
  status: "cancelled",
  failure: { code: ErrorCode.Cancelled, message: "cancelled" },
};

export const EXPIRED: LoggedEnd = {
  status: "expired",
  failure: { code: ErrorCode.TimedOut, message: "timed out: the play's deadline passed before its turn came" },
};

/** The outcome of a play whose record stands in the log at `log`. */
export function outcomeOf(end: LoggedEnd, log: LogHead): Outcome {
  if (end.status !== "completed") return { status: end.status, failure: end.failure, log };
  return { status: end.status, output: end.output, format: end.format, log };
}

export function loggedWrites(writes: readonly Write[]): LoggedWrite[] {
  return writes.map(({ name, value }) =>
    value === null ? { delete: name } : { set: name, value: JSON.parse(value) as unknown },
  );
}

function thrownEnd({ name, message, stack, line, column }: Extract<ScriptEnd, { kind: "thrown" }>): LoggedEnd {
  const data: ScriptFailure = { name };
  if (stack !== undefined) data.stack = stack;
  if (line !== undefined) data.line = line;
  if (column !== undefined) data.column = column;
  return { status: "error", failure: { code: ErrorCode.ScriptError, message: `${name}: ${message}`, data } };
}
