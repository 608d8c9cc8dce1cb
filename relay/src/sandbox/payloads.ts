import { ScriptError } from "./running-play.ts";

/** Two texts; the first is JSON, which has no line break of its own, so that its end is the first one. */
function splitPayload(what: string, payload: string): [first: unknown, rest: string] {
  const end = payload.indexOf("\n");
  if (end < 0) throw new ScriptError("TypeError", `${what}: expected two parts`);
  return [parsePayload(payload.slice(0, end)), payload.slice(end + 1)];
}

/** As `splitPayload`, with a name first. */
export function splitName(what: string, payload: string): [name: string, rest: string] {
  const [name, rest] = splitPayload(what, payload);
  if (typeof name !== "string") throw new ScriptError("TypeError", `${what}: expected a name`);
  return [name, rest];
}

export function parsePayload(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new ScriptError("TypeError", "host: expected JSON");
  }
}

export function parseMembers(json: string): Record<string, unknown> {
  const value = parsePayload(json);
  if (typeof value !== "object" || value === null) throw new ScriptError("TypeError", "host: expected an object");
  return value as Record<string, unknown>;
}

/** Does not recurse deeper than `levels`, whatever the value. */
export function hasAtMostLevels(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => hasAtMostLevels(member, levels - 1));
}
