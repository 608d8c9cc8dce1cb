import { describe, expect, it } from "vitest";
import { poolUnderAttack } from "./pool-under-attack.ts";

/** Lets an attack ask: what that only a host has does a function find that this constructor made? */
const PREFIX = `globalThis.names = [
  "process", "require", "module", "exports", "global", "Buffer", "fetch", "console", "setTimeout", "setImmediate",
  "WebAssembly", "Worker", "SharedWorker", "structuredClone", "navigator", "performance", "crypto", "Atomics", "std", "os",
  "scriptArgs", "importScripts", "postMessage", "parentPort", "workerData", "host", "gc", "__dirname", "bjson", "loadFile",
  "quit", "load", "read", "evalScript", "Bun", "Deno", "window", "self", "document"];
const found = (make) => make("return names.filter((name) => name in globalThis)")();
`;

describe("escapes", () => {
  const { attack } = poolUnderAttack();
  const documents = { a: '{"b":[1]}' };

  it.each(
    Object.entries({
      "global-object": "return names.filter((name) => name in this || name in globalThis)",
      "function-constructor": "return found(Function)",
      "function-from-object": "return found(({}).constructor.constructor)",
      "function-from-array-method": "return found([].map.constructor)",
      "function-from-class": "return found((class {}).constructor)",
      "function-from-error": "return found(new Error().constructor.constructor)",
      "function-from-document": "return found(data.get('a').b.constructor.constructor)",
      "function-from-list": "return found(data.list().constructor.constructor)",
      "function-from-host-function": "return found(data.get.constructor)",
      "function-from-print": "return found(print.constructor)",
      "function-from-context": "return found(context.constructor.constructor)",
      "function-from-file-bytes":
        "files.write('b', new Uint8Array(1)); return found(files.read('b', 'bytes').constructor.constructor)",
      "function-from-the-circles-api": "return found(circle.f.constructor)",
      "function-from-a-function-that-is-not-there":
        "try { circle.f() } catch (e) { return found(e.constructor.constructor) }",
      "function-from-a-librarys-answer":
        "library.set('export const f = () => ({ a: [] })'); return found(circle.f().a.constructor.constructor)",
      "function-from-a-librarys-error":
        "library.set('export const f = () => null.x'); try { circle.f() } catch (e) { return found(e.constructor.constructor) }",
      "globals-of-a-library":
        "library.set('export const f = (names) => names.filter((n) => n in globalThis || Function(`return typeof ${n}`)() !== `undefined`)'); return circle.f(names)",
      "imports-of-a-library":
        "library.set('export const f = () => import(`node:fs`).then(() => [1], () => [])'); return circle.f()",
      "meta-of-a-library": "library.set('export const f = () => Object.keys(import.meta)'); return circle.f()",
      "function-from-a-tool": "return found(policy.get().constructor.constructor)",
      "function-from-name-helper": "return found(__name.constructor)",
      "function-from-refusal": "try { data.get('..') } catch (e) { return found(e.constructor.constructor) }",
      "function-from-reserved": "try { play() } catch (e) { return found(e.constructor.constructor) }",
      "function-from-stack-overflow":
        "const f = () => f(); try { f() } catch (e) { return found(e.constructor.constructor) }",
      "function-from-host-call-at-the-end-of-the-stack":
        "const f = () => { data.get('a'); f() }; try { f() } catch (e) { return found(e.constructor.constructor) }",
      "function-from-out-of-memory":
        "try { 'x'.repeat(2 ** 29) } catch (e) { return found(e.constructor.constructor) }",
      "function-from-syntax-error": "try { eval('(') } catch (e) { return found(e.constructor.constructor) }",
      "function-from-import-failure":
        "try { await import('node:fs') } catch (e) { return found(e.constructor.constructor) }",
      "function-from-async": "return found((async () => {}).constructor)",
      "function-from-generator": "return found((function* () {}).constructor).next().value",
      "function-from-async-generator": "return (await found((async function* () {}).constructor).next()).value",
      "function-from-stack-setter":
        "return found(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace').set.constructor)",
      "function-from-proxy": "return found(new Proxy(Function, {}))",
      "function-from-bound": "return found(Function.bind(null))",
      "function-from-reflection": "return found((body) => Reflect.construct(Function, [body], Array))",
      "indirect-eval": "return (0, eval)('names.filter((name) => name in globalThis)')",
      "this-of-a-sloppy-function": "return names.filter(function (name) { return name in this })",
      "this-of-a-getter": "return names.filter((name) => name in Object.create({ get x() { return this } }).x)",
      "with-statement":
        "return new Function('with (globalThis) { return names.filter((n) => eval(`typeof ${n}`) !== `undefined`) }')()",
      "symbol-registry":
        "return Object.getOwnPropertySymbols(globalThis).filter((s) => s !== Symbol.toStringTag).map(String)",
    }),
  )("%s: finds nothing of the host", async (_, script) => {
    expect((await attack(PREFIX + script, { documents })).end).toMatchObject({ kind: "value", output: "[]" });
  });

  it.each(
    Object.entries({
      "import-of-a-module": "await import('node:fs')",
      "import-of-a-path": "await import('/etc/passwd')",
      "import-of-a-data-url": "await import('data:text/javascript,export default 1')",
      "import-of-its-own-name": "await import('script')",
      "import-of-the-prelude": "await import('prelude')",
      "import-of-json": "await import('/etc/passwd', { with: { type: 'json' } })",
      "import-in-a-function": "await new Function(\"return import('node:fs')\")()",
      "import-statement": "import fs from 'node:fs'",
      "import-meta": "import.meta.url",
      "export-statement": "export const a = 1",
      require: "require('node:fs')",
      realm: "new ShadowRealm()",
      "html-comment-and-import": "<!-- x\nawait import('node:fs')",
    }),
  )("%s: loads nothing", async (_, script) => {
    expect((await attack(script)).end).toMatchObject({ kind: "thrown", name: /^(Reference|Syntax)Error$/ });
  });

  it.each([
    ["nothing", "Promise.resolve()", "thrown"],
    ["a getter that throws", "Promise.resolve({ get value() { throw 1 } })", "thrown"],
    ["no promise", "({ then() {} })", "thrown"],
    ["another value", "Promise.resolve({ value: 2 })", "value"],
  ])("body-injection: a script that closes its own function and leaves %s ends as that does", async (_, left, kind) => {
    expect((await attack(`return 1 })() }))(); ${left} || (() => ({ a: (() => {`)).end.kind).toBe(kind);
  });

  it("result-of-a-forged-promise: is whatever it is, in JSON", async () => {
    const forged = "await 0; const p = Promise.resolve(1); p.then = (resolve) => resolve({ forged: [] }); p";
    expect((await attack(forged)).end).toMatchObject({ kind: "value" });
    const typed = "({ toJSON: () => ({ kind: 'limit', output: 1, __proto__: null }) })";
    expect((await attack(typed)).end).toMatchObject({ kind: "value", output: '{"kind":"limit","output":1}' });
  });

  it("forged-end: a thrown text that looks like an engine's message ends nothing but this play", async () => {
    const { end } = await attack("throw Object.assign(new Error('out of memory'), { name: 'InternalError' })");
    expect(end.kind).toMatch(/limit|thrown/);
    const positions =
      "const e = new Error('x'); e.stack = '    at f (script:1e9:-1)\\n    at script:99999999999999999999:0'; throw e";
    expect((await attack(positions)).end).toMatchObject({ kind: "thrown", message: "x" });
  });

  it("bytecode: functions show their source or none, and none is read back", async () => {
    const { end } = await attack("[typeof bjson, typeof Function.prototype.toString.call(print), String(Math.max)]");
    expect(end).toMatchObject({
      output: JSON.stringify(["undefined", "string", "function max() {\n    [native code]\n}"]),
    });
  });
});
