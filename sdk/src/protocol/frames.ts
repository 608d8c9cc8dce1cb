import { ErrorCode, WireError } from "./errors.ts";
import { MAX_BATCH_ITEMS, MAX_FRAME_BYTES } from "./limits.ts";
import { exceedsBytes } from "./utf8.ts";

/** A request's own name for its answer (JSON-RPC 2.0 §4). */
export type RequestId = string | number | null;
export type Request = { kind: "request"; id: RequestId; method: string; params: unknown };
export type Notification = { kind: "notification"; method: string; params: unknown };
export type Response =
  | { kind: "response"; id: RequestId; result: unknown }
  | { kind: "response"; id: RequestId; error: ErrorObject };
/** Something that is none of the three; `error` is what its sender is to be told. */
export type Invalid = { kind: "invalid"; id: RequestId; error: ErrorObject };
export type ErrorObject = { code: number; message: string; data?: unknown };
export type Message = Request | Notification | Response | Invalid;

/** What one text frame holds: one message, or a batch of one or more. */
export type Frame = { batch: false; message: Message } | { batch: true; messages: Message[] };

const NO_ID = null; // JSON-RPC 2.0 §5: the id of an answer to what could not be read

/**
 * Reads one frame. Never throws: what is not JSON-RPC 2.0 comes back as `invalid` with the error to send, so that one
 * bad item of a batch does not harm the others. A frame above `MAX_FRAME_BYTES` or a batch above `MAX_BATCH_ITEMS` is
 * not read at all.
 */
export function parseFrame(text: string): Frame {
  if (exceedsBytes(text, MAX_FRAME_BYTES)) {
    return invalidFrame(ErrorCode.InvalidRequest, `frame: expected at most ${MAX_FRAME_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalidFrame(ErrorCode.ParseError, "frame: expected JSON");
  }
  if (!Array.isArray(value)) return { batch: false, message: parseMessage(value) };
  if (value.length === 0)
    return invalidFrame(ErrorCode.InvalidRequest, "batch: expected at least one request, got none");
  if (value.length > MAX_BATCH_ITEMS) {
    return invalidFrame(
      ErrorCode.InvalidRequest,
      `batch: expected at most ${MAX_BATCH_ITEMS} requests, got ${value.length}`,
    );
  }
  return { batch: true, messages: value.map(parseMessage) };
}

function invalidFrame(code: number, message: string): Frame {
  return { batch: false, message: { kind: "invalid", id: NO_ID, error: { code, message } } };
}

function parseMessage(value: unknown): Message {
  if (!isObject(value)) return invalid(NO_ID, "expected an object");
  const hasId = Object.hasOwn(value, "id");
  const id = isRequestId(value.id) ? value.id : NO_ID;
  if (value.jsonrpc !== "2.0") return invalid(id, `expected "jsonrpc": "2.0"`);
  if (hasId && !isRequestId(value.id)) return invalid(NO_ID, "expected an id: a string, a number below 2^53 or null");
  if (Object.hasOwn(value, "method")) {
    if (typeof value.method !== "string") return invalid(id, "expected a method that is a string");
    const { method, params } = value;
    if (params !== undefined && (typeof params !== "object" || params === null)) {
      return invalid(id, "expected params that are an object or an array");
    }
    return hasId ? { kind: "request", id, method, params } : { kind: "notification", method, params };
  }
  const hasResult = Object.hasOwn(value, "result");
  const hasError = Object.hasOwn(value, "error");
  if (!hasId || hasResult === hasError)
    return invalid(id, "expected a method, or an id with either a result or an error");
  if (hasResult) return { kind: "response", id, result: value.result };
  const { error } = value;
  if (!isObject(error) || !Number.isInteger(error.code) || typeof error.message !== "string") {
    return invalid(id, "expected an error with a whole code and a message");
  }
  const data = Object.hasOwn(error, "data") ? { data: error.data } : {};
  return { kind: "response", id, error: { code: error.code as number, message: error.message, ...data } };
}

function invalid(id: RequestId, expected: string): Invalid {
  return { kind: "invalid", id, error: { code: ErrorCode.InvalidRequest, message: `request: ${expected}` } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A whole number beyond 2^53 is refused: it would go back as another, to a caller who waits for his own. */
function isRequestId(id: unknown): id is RequestId {
  if (typeof id === "number") return Number.isSafeInteger(id) || (Number.isFinite(id) && !Number.isInteger(id));
  return id === null || typeof id === "string";
}

export function writeRequest(id: RequestId, method: string, params?: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

export function writeNotification(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}

export function writeResult(id: RequestId, result: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result: result ?? null });
}

export function writeError(id: RequestId, { code, message, data }: ErrorObject): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, data } });
}

/** Answers one request, or throws a `WireError` to be sent in its place. For a notification the result is dropped. */
export type Handle = (method: string, params: unknown) => unknown;

/**
 * Serves one frame as JSON-RPC 2.0 §4–§6 asks: handlers of a batch start in order and may end in any; the answer to a
 * batch is sent when all of it is done. Resolves with the frame to send back, or `undefined` where nothing is owed.
 * Responses in the frame are ignored. `report` hears of what was thrown and is not for the wire; it is sent as -32603.
 */
export async function serveFrame(
  text: string,
  handle: Handle,
  report: (error: unknown) => void,
): Promise<string | undefined> {
  const frame = parseFrame(text);
  if (!frame.batch) return serveMessage(frame.message, handle, report);
  const answers = await Promise.all(frame.messages.map((message) => serveMessage(message, handle, report)));
  const owed = answers.filter((answer) => answer !== undefined);
  return owed.length > 0 ? `[${owed.join(",")}]` : undefined;
}

async function serveMessage(message: Message, handle: Handle, report: (error: unknown) => void) {
  if (message.kind === "invalid") return writeError(message.id, message.error);
  if (message.kind === "response") return undefined;
  try {
    const result = await handle(message.method, message.params);
    return message.kind === "request" ? writeResult(message.id, result) : undefined;
  } catch (error) {
    if (!(error instanceof WireError)) report(error);
    if (message.kind === "notification") return undefined;
    return writeThrown(message.id, error, report);
  }
}

function writeThrown(id: RequestId, error: unknown, report: (error: unknown) => void): string {
  try {
    if (error instanceof WireError) return writeError(id, error);
  } catch (cause) {
    report(cause); // `data` that JSON cannot say: the caller is still owed an answer
  }
  return writeError(id, { code: ErrorCode.InternalError, message: "internal error" });
}
