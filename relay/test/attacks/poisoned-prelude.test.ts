import { describe, expect, it } from "vitest";
import { poolUnderAttack } from "./pool-under-attack.ts";

/**
 * Everything that the prelude could use after a script has changed it. `spied` gathers each function and each argument
 * that passes by; the host's own function would be among them if the prelude let it out.
 */
const SPY = `
const tell = print;
const spied = new Set();
const take = Array.prototype.forEach, add = Set.prototype.add, call = Reflect.apply;
const note = (...values) => call(take, values, [(value) => call(add, spied, [value])]);
const spy = (holder, name) => {
  const { value } = Object.getOwnPropertyDescriptor(holder, name) ?? {};
  if (typeof value !== "function") return;
  Object.defineProperty(holder, name, { value(...given) { note(this, ...given); return call(value, this, given); } });
};
`;

/** Uses every door of the prelude, then asks whether one of the functions that were seen calls the host. */
const USE_AND_TELL = `
try { data.set("a", { x: [1] }); data.get("a"); data.has("a"); data.delete("a"); data.list("a"); } catch {}
try { files.write("t", "x"); files.read("t"); files.write("b", new Uint8Array(3)); files.read("b", "bytes"); files.list() } catch {}
try { circle.f(1, {}, undefined) } catch (error) { note(error) }
try { library.set("export const f = () => 1"); note(circle.f()); library.set("let") } catch (error) { note(error) }
try { policy.get(); policy.set({}); inbox.list({}); inbox.allow("x", { always: true }); log.read({ limit: 1 }) } catch {}
try { print({}, [1], "x"); progress(0.5, "note"); } catch {}
try { data.get(".."); } catch (error) { note(error); }
const host = Array.from(spied).filter((value) => typeof value === "function").find((candidate) => {
  try { return ['="told"', "told"].includes(candidate("data.get", "secret")); } catch { return false; }
});
tell("host: " + typeof host);`;

describe("a poisoned prelude", () => {
  const { attack } = poolUnderAttack();
  const documents = { secret: '"told"' };

  it.each(
    Object.entries({
      json: "spy(JSON, 'parse'); spy(JSON, 'stringify')",
      "string-prototype":
        "for (const name of Object.getOwnPropertyNames(String.prototype)) spy(String.prototype, name)",
      "array-prototype": "for (const name of Object.getOwnPropertyNames(Array.prototype)) spy(Array.prototype, name)",
      "function-prototype": "for (const name of ['call', 'apply', 'bind', 'toString']) spy(Function.prototype, name)",
      "function-instance-check":
        "Object.defineProperty(Error, Symbol.hasInstance, { value(v) { note(this, v); return true } })",
      reflect: "for (const name of Object.getOwnPropertyNames(Reflect)) spy(Reflect, name)",
      object: "for (const name of Object.getOwnPropertyNames(Object)) spy(Object, name)",
      bytes:
        "for (const holder of [Uint8Array, Uint8Array.prototype, Object.getPrototypeOf(Uint8Array.prototype), ArrayBuffer.prototype]) for (const name of Reflect.ownKeys(holder)) spy(holder, name)",
      "api-of-the-circle":
        "const get = Reflect.get; globalThis.Proxy = class {}; note(circle, circle.f, circle.f.prototype, Object.getPrototypeOf(circle)); Object.prototype.get = function () { note(this); return get }",
      "promise-then": "spy(Promise.prototype, 'then'); spy(Promise, 'resolve')",
      "promise-constructor":
        "Object.defineProperty(Promise.prototype, 'constructor', { get() { note(this); return Promise } })",
      "symbol-iterator": "spy(Array.prototype, Symbol.iterator); spy(String.prototype, Symbol.iterator)",
      species: "Object.defineProperty(Array, Symbol.species, { get() { note(this); return Array } })",
      "index-setters":
        "for (const i of [0, 1, 2]) Object.defineProperty(Array.prototype, i, { set(v) { note(this, v) }, get() { note(this) } })",
      "object-setters":
        "for (const n of ['name', 'message', 'stack', 'fraction', 'note', 'then', 'value']) Object.defineProperty(Object.prototype, n, { set(v) { note(this, v) }, get() { note(this); return undefined }, configurable: true })",
      "to-json":
        "Object.prototype.toJSON = function () { note(this); return this }; String.prototype.toJSON = function () { note(this); return 'x' }",
      "error-constructors": "for (const name of ['Error', 'TypeError', 'RangeError']) spy(globalThis, name)",
      "error-prototype": "Object.defineProperty(Error.prototype, 'message', { set(v) { note(this, v) } })",
      "prepare-stack-trace":
        "Error.prepareStackTrace = (e, sites) => { note(e, ...sites); for (const s of sites) for (const n in Object.getOwnPropertyDescriptors(Object.getPrototypeOf(s))) try { note(s[n]()) } catch {} }",
      "get-function-of-a-stack":
        "Error.prepareStackTrace = (e, sites) => { for (const s of sites) note(s.getFunction?.(), s.getThis?.(), s.fun) }",
      "prepare-stack-trace-in-a-callback":
        "Error.prepareStackTrace = (e, sites) => note(...sites.map((s) => s.getFunction?.())); data.set('x', { toJSON() { new Error(); return 1 } })",
      "capture-stack-trace": "const o = {}; Error.captureStackTrace(o); note(o.stack); spy(Error, 'captureStackTrace')",
      "stack-trace-limit": "Object.defineProperty(Error, 'stackTraceLimit', { get() { note(this); return Infinity } })",
      "caller-and-callee":
        "data.set('x', { toJSON: function f() { try { note(f.caller) } catch {} try { note(f.arguments, arguments.callee.caller) } catch {} return 1 } })",
      "arguments-of-a-host-function":
        "for (const f of Object.values(data)) try { note(f.caller, f.arguments, f.prototype) } catch {}",
      "redefined-globals":
        "globalThis.host = undefined; globalThis.undefined; Math.imul = Math.floor = (x) => x; spy(globalThis, 'Uint32Array')",
      "proxied-global-prototype":
        "Object.setPrototypeOf(Object.prototype.__proto__ ?? globalThis, new Proxy({}, { get(t, n, r) { note(r, n); return undefined }, has(t, n) { note(n); return n === 'host' } }))",
      "thawed-context":
        "try { context.print = note; data.get = note } catch {} note(context, data, ...Object.values(context), ...Object.values(data))",
    }),
  )("%s: the host's function does not pass by", async (_, poison) => {
    const { events } = await attack(`${SPY} ${poison};\n${USE_AND_TELL}`, { documents });
    expect(events.at(-1)?.data).toBe("host: undefined");
  });

  it.each(
    Object.entries({
      "to-json-that-gives-null": "Object.prototype.toJSON = () => null",
      "to-json-that-gives-text": "Object.prototype.toJSON = () => 'x'",
      "to-json-that-gives-undefined": "Object.prototype.toJSON = () => undefined",
      "to-json-that-throws": "Object.prototype.toJSON = () => { throw new Error('no') }",
      "to-json-of-texts": "String.prototype.toJSON = () => 5; Number.prototype.toJSON = () => 'x'",
      "poisoned-json": "JSON.parse = JSON.stringify = () => '{broken'",
      "poisoned-slice": "String.prototype.slice = () => '{broken'",
      "poisoned-apply": "Reflect.apply = Function.prototype.apply = Function.prototype.call = () => '{broken'",
      "poisoned-then": "Promise.prototype.then = function (a, b) { b?.(1); a?.(2); return this }",
      "poisoned-string": "globalThis.String = () => '{broken'",
      "poisoned-setters":
        "for (const n of ['name', 'message', 'stack', 'fraction', 'note', 'then', 'value']) Object.defineProperty(Object.prototype, n, { set() {}, get: () => '{broken' })",
      "null-prototypes":
        "Object.setPrototypeOf(Array.prototype, null); Object.setPrototypeOf(Function.prototype, null)",
      "nothing-left": "const all = globalThis; for (const name of Object.getOwnPropertyNames(all)) delete all[name]",
    }),
  )("%s: what is thrown, printed and returned still reaches the host", async (_, poison) => {
    const keep = "const { progress, print, data } = context";
    const use = "progress(0.5, 'n'); print('p'); data.set('a', 1)";
    expect((await attack(`${keep}; ${poison}; ${use}; 'done'`)).end.kind).toBe("value");
    const { end } = await attack(`${keep}; ${poison}; ${use}; throw 'thrown'`);
    expect(end).toMatchObject({ kind: "thrown", message: "thrown" });
  });
});
