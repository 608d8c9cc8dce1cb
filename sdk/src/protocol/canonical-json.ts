import { MAX_ARGS_DEPTH } from "./limits.ts";

/**
 * The one text of a JSON value on which both sides agree, as RFC 8785 (JSON Canonicalization Scheme) writes it:
 * members sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript writes them.
 * As `JSON.stringify` does, it leaves out members that are `undefined` and asks `toJSON`; `undefined` itself is `null`.
 *
 * @throws {TypeError} on what JSON cannot say (NaN, infinities, bigints, functions, lone surrogates: RFC 8785 §3.2.2)
 * and on nesting deeper than `MAX_ARGS_DEPTH`, which also ends cycles.
 */
export function canonicalJson(value: unknown): string {
  return write(value, "", 0) ?? "null";
}

function write(input: unknown, key: string, depth: number): string | undefined {
  const value = unboxed(hasToJson(input) ? input.toJSON(key) : input);
  if (value === null) return "null";
  if (typeof value === "string") return writeString(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`JSON: expected a finite number, got ${value}`);
    return JSON.stringify(value);
  }
  if (value === undefined) return undefined;
  if (typeof value !== "object") throw new TypeError(`JSON: expected a JSON value, got a ${typeof value}`);
  if (depth >= MAX_ARGS_DEPTH) throw new TypeError(`JSON: expected at most ${MAX_ARGS_DEPTH} levels, got more`);
  if (Array.isArray(value)) {
    // Array.from, unlike map, also visits holes, which JSON writes as null.
    return `[${Array.from(value, (item: unknown, i) => write(item, String(i), depth + 1) ?? "null").join(",")}]`;
  }
  const members: string[] = [];
  for (const name of Object.keys(value).toSorted()) {
    const text = write((value as Record<string, unknown>)[name], name, depth + 1);
    if (text !== undefined) members.push(`${writeString(name)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

function writeString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError("JSON: expected Unicode text, got a lone surrogate");
  return JSON.stringify(text);
}

/** JSON.stringify takes a boxed primitive for what is in it; so must we, or what is hashed is not what is sent. */
function unboxed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return /^\[object (?:Number|String|Boolean|BigInt)\]$/.test(Object.prototype.toString.call(value))
    ? value.valueOf()
    : value;
}

function hasToJson(value: unknown): value is { toJSON(key: string): unknown } {
  return typeof value === "object" && value !== null && typeof (value as { toJSON?: unknown }).toJSON === "function";
}
