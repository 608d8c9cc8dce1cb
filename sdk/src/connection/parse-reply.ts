import { WireError } from "../protocol/errors.ts";

/** What a relay says: an answer to a call, or a notification. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  | { readonly method: string; readonly params: unknown };

/**
 * Reads a frame of the relay (F7 of SPEC.md). `undefined` for what makes no sense here: a client asks nothing in batches and
 * answers nothing, so it needs less than `parseFrame` knows.
 */
export function parseReply(text: string): Reply | undefined {
  let value: Partial<Record<"id" | "method" | "params" | "result" | "error", unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { id, method, params, error } = value;
  if (typeof method === "string" && id === undefined) return { method, params };
  if (typeof id !== "number") return undefined;
  if (!isError(error)) return "result" in value ? { id, result: value.result } : undefined;
  return { id, error: new WireError(error.code, error.message, error.data) };
}

function isError(error: unknown): error is { code: number; message: string; data?: unknown } {
  if (typeof error !== "object" || error === null) return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return Number.isInteger(code) && typeof message === "string";
}
