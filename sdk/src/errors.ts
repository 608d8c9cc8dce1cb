import { ErrorCode, type ScriptFailure, WireError } from "./protocol/errors.ts";

/** The connection is gone, or could not be made; what was under way may or may not have happened. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
}

/** The other side said something that this version of the protocol does not know. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** The deadline passed. The play may still happen: `circle.attach(taskId)` tells. */
export class DeadlineError extends Error {
  override name = "DeadlineError";
}

/** The script threw, in the circle. It has written nothing. */
export class PlayError extends WireError {
  override name = "PlayError";
  /** Name of what was thrown, such as `TypeError`. */
  readonly thrown: string;
  /** Where, from 1, in the source that was sent; `undefined` where nobody can tell. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** The script's own stack. */
  readonly scriptStack: string | undefined;

  constructor(message: string, data: ScriptFailure, options?: ErrorOptions) {
    super(ErrorCode.ScriptError, message, data, options);
    this.thrown = data.name;
    this.line = data.line;
    this.column = data.column;
    this.scriptStack = data.stack;
  }
}
