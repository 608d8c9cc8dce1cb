import { MOST_THROWN_CHARACTERS } from "./host-calls.ts";

/**
 * Runs once in every engine, before its image is saved. It gives the host three functions: `begin`, to be called before
 * a script with the play's context as JSON; `conclude`, with `{ value }` of the script's last expression; `fail`, with
 * what it threw. All of it runs where the script runs, so the host trusts none of it: whatever a script does to it, it
 * does to its own answers. The built-ins are taken here, before a script can change them.
 *
 * One host call, texts only: `host(operation, payload)` answers "" for undefined, "=" and JSON for a value, "!" and the
 * JSON of `{ name, message }` for an error to throw.
 */
export const PRELUDE = String.raw`(host) => {
"use strict";
const { parse, stringify } = JSON;
const { defineProperty, freeze } = Object;
const { apply } = Reflect;
const { floor } = Math;
const { slice } = String.prototype;
const toText = String;
const errors = { __proto__: null, TypeError, RangeError, Error };
const undefined = void 0;

const hostCall = (operation, payload) => {
  const answer = host(operation, payload);
  if (answer === "") return undefined;
  const value = parse(apply(slice, answer, [1]));
  if (answer[0] === "=") return value;
  const error = new (errors[value.name] ?? errors.Error)(value.message);
  if (!(value.name in errors)) error.name = value.name;
  throw error;
};

const text = (what, value) => {
  if (typeof value !== "string") throw new TypeError(what + ": expected a string, got " + kind(value));
  return value;
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

const data = freeze({
  get(name) { return hostCall("data.get", text("data.get", name)); },
  has(name) { return hostCall("data.has", text("data.has", name)); },
  set(name, value) {
    // JSON has no line break of its own, so the first one ends the name.
    hostCall("data.set", stringify(text("data.set", name)) + "\n" + json("data.set", value));
  },
  delete(name) { return hostCall("data.delete", text("data.delete", name)); },
  list(prefix = "") { return hostCall("data.list", text("data.list", prefix)); },
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

const reserved = (name) => () => {
  throw new Error(name + ": plays from inside a play are reserved for a later version of Circles");
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

let caller, circle, DB_PATH, args;
const play = reserved("play");
const schedule = reserved("schedule");
const context = freeze({
  get caller() { return caller; },
  get circle() { return circle; },
  get DB_PATH() { return DB_PATH; },
  get args() { return args; },
  print, progress, data, play, schedule,
});

// The engine shows the functions of a stack to Error.prepareStackTrace, and the prelude's are among them.
Error.prepareStackTrace = (error, sites) => { delete Object.getPrototypeOf(sites[0]).getFunction; };
new Error();
Error.prepareStackTrace = undefined;

// Configurable, so that a script may declare a variable of the same name.
const provide = (name, value) => defineProperty(globalThis, name, { value, writable: true, configurable: true });
provide("CALLER_PUBLIC_KEY", undefined);
provide("CIRCLE_PUBLIC_KEY", undefined);
provide("DB_PATH", undefined);
provide("args", undefined);
provide("context", context);
provide("print", print);
provide("progress", progress);
provide("data", data);
provide("play", play);
provide("schedule", schedule);
defineProperty(Math, "random", { value: random, writable: true, configurable: true });
// esbuild's keepNames wraps functions in this helper; a function that is sent as its source still calls it.
provide("__name", (fn, value) => defineProperty(fn, "name", { value, configurable: true }));

const begin = (contextJson) => {
  const given = parse(contextJson);
  for (let i = 0; i < 4; i++) seed[i] = given.random[i];
  globalThis.CALLER_PUBLIC_KEY = caller = given.caller;
  globalThis.CIRCLE_PUBLIC_KEY = circle = given.circle;
  globalThis.DB_PATH = DB_PATH = "/" + circle;
  globalThis.args = args = given.args;
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

const answer = (value) => {
  host("value", typeof value === "string" ? "text\n" + stringify(value)
    : "json\n" + (value === undefined ? "null" : json("result", value)));
};

const conclude = ({ value }) => {
  try {
    if (typeof value !== "object" || value === null || typeof value.then !== "function") return answer(value);
  } catch (error) {
    return fail(error);
  }
  (async () => answer(await value))().then(undefined, fail);
};

const fail = (error) => { host("thrown", describe(error)); };

return { begin, conclude, fail };
}`;
