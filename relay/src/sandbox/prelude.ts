import { MOST_THROWN_CHARACTERS } from "./thrown.ts";

/**
 * What every engine runs once, before its image is saved: the beginning of a function body with `host` in scope, which
 * the prelude of scripts and that of libraries go on with. All of it runs where the script runs, so the host trusts none
 * of it: whatever a script does to it, it does to its own answers. The built-ins are taken here, before a script can
 * change them.
 *
 * One host call, texts only: `host(operation, payload)` answers "" for undefined, "=" and JSON for a value, "$" and a
 * text, "!" and the JSON of `{ name, message, line, column }` for an error to throw.
 */
export const PRELUDE = String.raw`"use strict";
const { parse, stringify } = JSON;
const { defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf, keys } = Object;
const { apply } = Reflect;
const { slice, indexOf, isWellFormed, toWellFormed } = String.prototype;
const { isArray } = Array;
const Bytes = Uint8Array;
const { fromBase64 } = Bytes;
const { toBase64 } = Bytes.prototype;
const typedArrayTag = getOwnPropertyDescriptor(getPrototypeOf(Bytes.prototype), Symbol.toStringTag).get;
const bufferLength = getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;
const toText = String;
const errors = { __proto__: null, TypeError, RangeError, SyntaxError, Error };
const undefined = void 0;

const put = (holder, name, value) =>
  defineProperty(holder, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

const hostCall = (operation, payload) => {
  const answer = host(operation, payload);
  if (answer === "") return undefined;
  const rest = apply(slice, answer, [1]);
  if (answer[0] === "$") return rest;
  const value = parse(rest);
  if (answer[0] === "=") return value;
  const error = new (errors[value.name] ?? errors.Error)(value.message);
  if (!(value.name in errors)) put(error, "name", value.name);
  if (value.line !== undefined) { put(error, "line", value.line); put(error, "column", value.column); }
  throw error;
};

const text = (what, value) => {
  if (typeof value !== "string") throw new TypeError(what + ": expected a string, got " + kind(value));
  return value;
};
// Half a character would reach the host as another one: a name is checked, never cleaned.
const named = (what, value) => {
  if (apply(isWellFormed, text(what, value), [])) return value;
  throw new TypeError(what + ": expected a name in Unicode, got half a character");
};
const kind = (value) => (value === null ? "null" : typeof value);
const json = (what, value) => {
  const written = stringify(value);
  if (written === undefined) throw new TypeError(what + ": expected a JSON value, got " + kind(value));
  return written;
};
const show = (value) => {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && !(value instanceof Error)) {
    try { return json("print", value); } catch {}
  }
  return toText(value);
};

const listed = (what, prefix, options) => {
  const asked = { __proto__: null, prefix: text(what, prefix) };
  if (options !== undefined) {
    if (typeof options !== "object" || options === null) throw new TypeError(what + ": expected options, got " + kind(options));
    asked.start = options.start;
    asked.limit = options.limit;
  }
  return hostCall(what, json(what, asked));
};

const data = freeze({
  get(name) { return hostCall("data.get", named("data.get", name)); },
  has(name) { return hostCall("data.has", named("data.has", name)); },
  set(name, value) {
    // JSON has no line break of its own, so the first one ends the name.
    hostCall("data.set", stringify(text("data.set", name)) + "\n" + json("data.set", value));
  },
  delete(name) { return hostCall("data.delete", named("data.delete", name)); },
  list(prefix = "", options) { return listed("data.list", prefix, options); },
});

const asBytes = (content) => {
  if (apply(typedArrayTag, content, []) === "Uint8Array") return content;
  try { apply(bufferLength, content, []); } catch {
    throw new TypeError("files.write: expected a string, a Uint8Array or an ArrayBuffer, got " + kind(content));
  }
  return new Bytes(content);
};
const files = freeze({
  read(name, as = "text") {
    if (as !== "text" && as !== "bytes") throw new TypeError('files.read: expected "text" or "bytes"');
    if (as === "text") return hostCall("files.read", named("files.read", name));
    const base64 = hostCall("files.readBytes", named("files.read", name));
    return base64 === undefined ? undefined : apply(fromBase64, Bytes, [base64]);
  },
  write(name, content) {
    const head = stringify(text("files.write", name)) + "\n";
    if (typeof content === "string") hostCall("files.write", head + apply(toWellFormed, content, []));
    else hostCall("files.writeBytes", head + apply(toBase64, asBytes(content), []));
  },
  delete(name) { return hostCall("files.delete", named("files.delete", name)); },
  list(prefix = "", options) { return listed("files.list", prefix, options); },
});

const print = (...values) => {
  let line = "";
  for (let i = 0; i < values.length; i++) line += (i > 0 ? " " : "") + show(values[i]);
  hostCall("print", line);
};

const progress = (fraction, note) => {
  if (typeof fraction !== "number" || !(fraction >= 0 && fraction <= 1)) {
    throw new RangeError("progress: expected a fraction from 0 to 1");
  }
  // Without a prototype, here and below: JSON asks for a toJSON that a script may have put there.
  const said = { __proto__: null, fraction };
  if (note !== undefined) said.note = toText(note);
  hostCall("progress", stringify(said));
};

const emit = (topic, value) => {
  hostCall("emit", stringify(text("emit", topic)) + "\n" + json("emit", value));
};

// xoshiro128** by Blackman and Vigna: the engine's own generator would start alike in every play.
const seed = new Uint32Array(4);
const random32 = () => {
  const times5 = Math_imul(seed[1], 5);
  const result = Math_imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
  const shifted = seed[1] << 9;
  seed[2] ^= seed[0]; seed[3] ^= seed[1]; seed[1] ^= seed[2]; seed[0] ^= seed[3]; seed[2] ^= shifted;
  seed[3] = (seed[3] << 11) | (seed[3] >>> 21);
  return result;
};
const Math_imul = Math.imul;
const random = () => ((random32() >>> 5) * 67108864 + (random32() >>> 6)) / 9007199254740992;

// The engine shows the functions of a stack to Error.prepareStackTrace, and the prelude's are among them.
Error.prepareStackTrace = (error, sites) => { delete Object.getPrototypeOf(sites[0]).getFunction; };
new Error();
Error.prepareStackTrace = undefined;

// Configurable, so that a script may declare a variable of the same name.
const provide = (name, value) => defineProperty(globalThis, name, { value, writable: true, configurable: true });
provide("CALLER_PUBLIC_KEY", undefined);
provide("CIRCLE_PUBLIC_KEY", undefined);
provide("DB_PATH", undefined);
provide("print", print);
provide("progress", progress);
provide("emit", emit);
provide("data", data);
provide("files", files);
defineProperty(Math, "random", { value: random, writable: true, configurable: true });
// esbuild's keepNames wraps functions in this helper; a function that is sent as its source still calls it.
provide("__name", (fn, value) => defineProperty(fn, "name", { value, configurable: true }));

let caller, owner, DB_PATH;
const introduce = (given) => {
  for (let i = 0; i < 4; i++) seed[i] = given.random[i];
  globalThis.CALLER_PUBLIC_KEY = caller = given.caller;
  globalThis.CIRCLE_PUBLIC_KEY = owner = given.circle;
  globalThis.DB_PATH = DB_PATH = owner === undefined ? undefined : "/" + owner;
};

const shorten = (value) => apply(slice, toText(value), [0, ${MOST_THROWN_CHARACTERS}]);
const describe = (error) => {
  const said = { __proto__: null, name: "Error", message: "", stack: "" };
  try {
    if (typeof error === "object" && error !== null) {
      said.name = shorten(error.name);
      said.message = shorten(error.message);
      const { stack } = error;
      if (typeof stack === "string") said.stack = shorten(stack);
    } else {
      said.message = shorten(error);
    }
  } catch {
    said.message = "what was thrown cannot be shown";
  }
  return stringify(said);
};
`;
