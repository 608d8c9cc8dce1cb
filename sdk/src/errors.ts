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
