import { ErrorCode, type LimitReached, WireError } from "@circles/sdk/protocol";

/** What stands for all that is not known here: labels have few values, whoever sends what. */
const OTHER = "other";

const CODES: ReadonlyMap<number, string> = new Map(
  Object.entries(ErrorCode).map(([name, code]) => [code, name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase()]),
);

const LIMITS: ReadonlySet<string> = new Set([
  // of one play
  "cpu_ms",
  "wall_ms",
  "timeout_ms",
  "memory_bytes",
  "output_bytes",
  "events",
  "event_bytes",
  "storage_bytes",
  "circle_storage_bytes",
  // of a caller, by policy and care
  "plays_per_minute",
  "cool_down",
  "waiting_bytes",
  "waiting_per_circle",
  "waiting_per_caller",
  "waiting_characters",
  // of the queue
  "queued_per_circle",
  "queued_per_caller",
  "queued_characters_per_caller",
  "queued_characters",
  // of a connection, an address, a key
  "plays_in_flight",
  "characters_in_flight",
  "nonces",
  "logins_per_minute_per_address",
  "logins_per_minute_per_key",
]);

/** The name of a code that crosses the wire: `script_error`. */
export function codeLabel(code: number): string {
  return CODES.get(code) ?? OTHER;
}

/** How a call ended: `ok`, a code's name, or `abandoned` where its connection ended first. */
export function resultLabel(error: unknown): string {
  if (error === undefined) return "ok";
  if (error instanceof WireError) return codeLabel(error.code);
  return error instanceof Error && error.name === "AbortError" ? "abandoned" : codeLabel(ErrorCode.InternalError);
}

/** The limit that a failure's `data` names; `undefined` if it names none. */
export function limitLabel(data: unknown): string | undefined {
  const { limit } = (data ?? {}) as Partial<LimitReached>;
  if (typeof limit !== "string") return undefined;
  return LIMITS.has(limit) ? limit : OTHER;
}
