import { canonicalJson } from "./canonical-json.ts";
import type { SignedDelegation } from "./delegation.ts";
import type { Envelope } from "./envelope.ts";
import { ErrorCode, WireError } from "./errors.ts";
import { isTopicName } from "./events.ts";
import {
  describe,
  parsePublicKey,
  parseSignature,
  parseTaskId,
  parseTraceId,
  type Signature,
  type TaskId,
  type TraceId,
} from "./ids.ts";
import {
  MAX_ARGS_BYTES,
  MAX_DELEGATION_CIRCLES,
  MAX_DELEGATION_LIFETIME_S,
  MAX_ENVELOPE_LIFETIME_S,
  MAX_SCRIPT_BYTES,
  MAX_TIMEOUT_MS,
  MAX_TOPIC_CHARACTERS,
  MIN_TIMEOUT_MS,
} from "./limits.ts";
import type { Lane } from "./messages.ts";
import { exceedsBytes } from "./utf8.ts";

/** A `play` whose every part has its form. `args` is canonical JSON text, so that it is hashed and passed on as it is. */
export type CheckedPlay = {
  script: string;
  args: string;
  taskId?: TaskId;
  timeoutMs?: number;
  envelope?: Envelope;
  lane?: Lane;
  trace?: TraceId;
};

/** A `subscribe` whose every part has its form. */
export type CheckedSubscribe = { topic: string; after?: number; taskId?: TaskId; envelope?: Envelope };

/** Each parser throws `WireError` -32602 that names the member, what was expected and what came. */
export function parseFetchNonce(params: unknown): { pubkey: string } {
  return { pubkey: text(members(params), "pubkey", MAX_KEY_CHARACTERS) };
}

export function parseAuthenticate(params: unknown): {
  pubkey: string;
  signature: string;
  delegation?: SignedDelegation;
} {
  const given = members(params);
  return {
    pubkey: text(given, "pubkey", MAX_KEY_CHARACTERS),
    signature: text(given, "signature", 1024),
    ...optional("delegation", given.delegation, (value) => parseDelegation("delegation", value)),
  };
}

export function parsePlay(params: unknown): CheckedPlay {
  const given = members(params);
  const script = text(given, "script");
  if (!script.isWellFormed()) throw wrong("script", "Unicode text", "a lone surrogate");
  checkBytes("script", script, MAX_SCRIPT_BYTES);
  const args = check("args", () => canonicalJson(given.args));
  checkBytes("args", args, MAX_ARGS_BYTES);
  if (given.envelope !== undefined && given.task_id === undefined) {
    throw wrong("task_id", "the id that the envelope covers", "none");
  }
  return {
    script,
    args,
    ...optional("taskId", given.task_id, (value) => check("task_id", () => parseTaskId(value))),
    ...optional("timeoutMs", given.timeout_ms, (value) => whole("timeout_ms", value, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS)),
    ...optional("envelope", given.envelope, parseEnvelope),
    ...optional("lane", given.lane, lane),
    ...optional("trace", given.trace, (value) => check("trace", () => parseTraceId(value))),
  };
}

export function parseCancel(params: unknown): { taskId: TaskId } {
  const given = members(params);
  return { taskId: check("task_id", () => parseTaskId(given.task_id)) };
}

export function parseAttach(params: unknown): { taskId: TaskId; after: number } {
  const given = members(params);
  const taskId = check("task_id", () => parseTaskId(given.task_id));
  return { taskId, after: given.after === undefined ? 0 : whole("after", given.after, 0, Number.MAX_SAFE_INTEGER) };
}

/** Of `unsubscribe`. */
export function parseTopic(params: unknown): { topic: string } {
  const topic = text(members(params), "topic", MAX_TOPIC_CHARACTERS);
  if (!isTopicName(topic)) throw wrong("topic", "1 character of Unicode or more", describe(topic));
  return { topic };
}

export function parseSubscribe(params: unknown): CheckedSubscribe {
  const { topic } = parseTopic(params);
  const given = members(params);
  if (given.envelope !== undefined && given.task_id === undefined) {
    throw wrong("task_id", "the id that the envelope covers", "none");
  }
  return {
    topic,
    ...optional("after", given.after, (value) => whole("after", value, 0, Number.MAX_SAFE_INTEGER)),
    ...optional("taskId", given.task_id, (value) => check("task_id", () => parseTaskId(value))),
    ...optional("envelope", given.envelope, parseEnvelope),
  };
}

function parseEnvelope(value: unknown): Envelope {
  const given = members(value, "envelope");
  const issuedAt = seconds("envelope.issued_at", given.issued_at);
  return {
    issued_at: issuedAt,
    expires_at: secondsAfter("envelope.expires_at", given.expires_at, issuedAt, MAX_ENVELOPE_LIFETIME_S),
    signature: signature("envelope.signature", given.signature),
    ...optional("delegation", given.delegation, (given) => parseDelegation("envelope.delegation", given)),
  };
}

/** Nobody can tell whether a member that this version does not know would limit what the others give. */
const DELEGATION_MEMBERS = ["root", "device", "circles", "not_before", "expires_at", "scheme", "signature"];

function parseDelegation(name: string, value: unknown): SignedDelegation {
  const given = members(value, name);
  if (Object.keys(given).some((member) => !DELEGATION_MEMBERS.includes(member))) {
    throw wrong(name, "the members of a delegation", "another one");
  }
  const { root, device, circles, scheme } = given;
  const notBefore = seconds(`${name}.not_before`, given.not_before);
  if (device === root) throw wrong(`${name}.device`, "another key than the root's", "the root's");
  return {
    root: check(`${name}.root`, () => parsePublicKey(root)),
    device: check(`${name}.device`, () => parsePublicKey(device)),
    circles: delegatedCircles(`${name}.circles`, circles),
    not_before: notBefore,
    expires_at: secondsAfter(`${name}.expires_at`, given.expires_at, notBefore, MAX_DELEGATION_LIFETIME_S),
    ...optional("scheme", scheme, () => schemeOf(`${name}.scheme`, scheme)),
    signature: signature(`${name}.signature`, given.signature),
  };
}

function delegatedCircles(name: string, value: unknown): SignedDelegation["circles"] {
  if (value === "*") return value;
  if (Array.isArray(value) && value.length > 0 && value.length <= MAX_DELEGATION_CIRCLES) {
    return value.map((key: unknown) => check(name, () => parsePublicKey(key)));
  }
  throw wrong(name, `1 to ${MAX_DELEGATION_CIRCLES} keys in an array, or "*"`, describe(value));
}

function schemeOf(name: string, value: unknown): "eip191" {
  if (value === "eip191") return value;
  throw wrong(name, '"eip191", or none', describe(value));
}

const MAX_KEY_CHARACTERS = 132; // uncompressed, in hex, with 0x

function members(value: unknown, name = "params"): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(name, "an object", describe(value));
}

function text(given: Record<string, unknown>, name: string, mostCharacters = Number.POSITIVE_INFINITY): string {
  const value = given[name];
  if (typeof value !== "string") throw wrong(name, "a string", describe(value));
  if (value.length > mostCharacters) throw wrong(name, `at most ${mostCharacters} characters`, describe(value));
  return value;
}

function whole(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const came = typeof value === "number" ? String(value) : describe(value);
  throw wrong(name, `a whole number from ${least} to ${most}`, came);
}

function seconds(name: string, value: unknown): number {
  return whole(name, value, 0, Number.MAX_SAFE_INTEGER);
}

function secondsAfter(name: string, value: unknown, start: number, most: number): number {
  const end = seconds(name, value);
  if (end > start && end - start <= most) return end;
  throw wrong(name, `a time after the start and at most ${most} s after it`, `${end - start} s`);
}

function lane(value: unknown): Lane {
  if (value === "control") return value;
  throw wrong("lane", '"control", or none', describe(value));
}

function signature(name: string, value: unknown): Signature {
  return check(name, () => parseSignature(value));
}

function checkBytes(name: string, value: string, most: number): void {
  if (exceedsBytes(value, most)) throw wrong(name, `at most ${most} bytes of UTF-8`, "more");
}

function optional<K extends string, V>(key: K, value: unknown, parse: (value: unknown) => V): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: parse(value) } as { [P in K]: V });
}

function check<V>(name: string, parse: () => V): V {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new WireError(ErrorCode.InvalidParams, `${name}: ${cause.message}`, { param: name }, { cause });
  }
}

function wrong(name: string, expected: string, came: string): WireError {
  return new WireError(ErrorCode.InvalidParams, `${name}: expected ${expected}, got ${came}`, { param: name });
}
