import { parseMembers } from "./payloads.ts";
import { ScriptError } from "./running-play.ts";
import type { ScriptEnd } from "./sandbox.ts";

/** UTF-16 units of each part of what a script throws. */
export const MOST_THROWN_CHARACTERS = 4_096;
/** Three parts, each unit written as `\\uXXXX`, with their names. */
const MOST_THROWN_PAYLOAD_CHARACTERS = 3 * 6 * MOST_THROWN_CHARACTERS + 64;

export type Thrown = Extract<ScriptEnd, { kind: "thrown" }>;

/** Reads what the prelude says of an error. */
export function parseThrown(payload: string): Thrown {
  if (payload.length > MOST_THROWN_PAYLOAD_CHARACTERS) {
    throw new ScriptError("TypeError", "thrown: expected a shorter text");
  }
  const { name, message, stack } = parseMembers(payload);
  const shorten = (value: unknown) =>
    typeof value === "string" ? value.slice(0, MOST_THROWN_CHARACTERS).toWellFormed() : "";
  return { kind: "thrown", name: shorten(name), message: shorten(message), stack: shorten(stack) };
}

export function isOutOfMemory({ name, message }: Pick<Thrown, "name" | "message">): boolean {
  return name === "InternalError" && message.startsWith("out of memory");
}
