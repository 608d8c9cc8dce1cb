import { describe, expect, it } from "vitest";
import type { Content } from "../../src/sandbox/sandbox.ts";
import { type DirectPlay, type Files, holding, makeInstance, type Played, playIn } from "../instance-under-test.ts";

const SECRET = "the owner's secret";

const LIBRARY = `
let calls = 0;
let kept = [];
export function sign_guestbook(name) {
  calls += 1;
  if (typeof name !== "string" || name.length > 100) throw new TypeError("name: expected a string of at most 100 characters");
  kept.push(name);
  const guests = data.get("guests") ?? [];
  data.set("guests", [...guests, { name, key: CALLER_PUBLIC_KEY }]);
  return { guest: guests.length + 1, calls, kept };
}
export const tell_secret = () => data.get("secret");
export const anything = (name, ...args) => data[name](...args);
`;

const FILES: Files = {
  "config/library.js": { text: LIBRARY },
  "config/policy.json": { text: `{"groups":{"${SECRET}":[]},"grants":[]}` },
  "data/secret.json": { json: JSON.stringify(SECRET) },
  "data/secret.txt": { text: SECRET },
  "data/guests.json": { json: '[{"name":"alice","key":"alice"}]' },
  "inbox/0.json": { json: JSON.stringify({ script: SECRET }) },
};

const instance = makeInstance();
const play = (script: string, given: DirectPlay = {}) => playIn(instance, script, { files: FILES, ...given });

function guests(content: Content | null | undefined): { name: unknown; key: unknown }[] {
  if (!content || !("json" in content)) throw new Error("expected a document");
  return JSON.parse(content.json) as { name: unknown; key: unknown }[];
}

/** It signed, if anything, and as itself; it saw no secret; and whoever comes next finds nothing of it. */
function expectSignedAtMost(played: Played): void {
  for (const { path, content } of played.writes) {
    expect(path).toBe("data/guests.json");
    const [first, ...signed] = guests(content);
    expect(first).toEqual({ name: "alice", key: "alice" });
    for (const guest of signed) expect(guest).toEqual({ name: expect.any(String), key: "mallory" });
  }
  expect(JSON.stringify([played.end, played.events])).not.toContain(SECRET);
  const allowed = ["config/library.js", "data/guests.json"];
  expect(played.looked.filter((path) => !allowed.includes(path))).toEqual([]);
  expect(played.killed).toBe(false);
}

function expectInnocentPlay(): void {
  for (const caller of ["bob", "mallory"]) {
    const script = "print(typeof left); [circle.sign_guestbook(args), circle.sign_guestbook(args).calls]";
    const authority = holding("call:sign_guestbook");
    const { end, writes, events } = play(script, { caller, args: caller, authority });
    const first = { guest: 2, calls: 1, kept: [caller] };
    expect(end).toEqual({ kind: "value", format: "json", output: JSON.stringify([first, 2]) });
    const signed = { name: caller, key: caller };
    expect(guests(writes[0]?.content)).toEqual([{ name: "alice", key: "alice" }, signed, signed]);
    expect(events).toEqual([{ seq: 1, kind: "print", data: "undefined" }]);
  }
}

function attack(script: string, given: DirectPlay = {}): Played {
  const played = play(script, { authority: holding("call:sign_guestbook"), ...given });
  expectSignedAtMost(played);
  expectInnocentPlay();
  return played;
}

describe("with nothing but call:sign_guestbook, a script", () => {
  it("[SB18] can sign", () => {
    const { end, writes } = attack("circle.sign_guestbook('m').guest");
    expect(end).toMatchObject({ output: "2" });
    expect(guests(writes[0]?.content)).toHaveLength(2);
  });

  it.each(
    Object.entries({
      "read-a-document": ["data.get('secret')", "read:secret"],
      "ask-for-a-document": ["data.has('secret')", "read:secret"],
      "read-one-that-is-not-there": ["data.get('nothing')", "read:nothing"],
      "read-the-guestbook": ["data.get('guests')", "read:guests"],
      "read-what-it-signed": ["circle.sign_guestbook('m'); data.get('guests')", "read:guests"],
      "write-a-document": ["data.set('guests', [])", "write:guests"],
      "delete-a-document": ["data.delete('guests')", "write:guests"],
      "list-documents": ["data.list()", "read:**"],
      "list-a-folder": ["data.list('notes/', { limit: 1 })", "read:notes/**"],
      "read-a-file": ["files.read('secret.txt')", "read:secret.txt"],
      "read-bytes": ["files.read('secret.txt', 'bytes')", "read:secret.txt"],
      "write-a-file": ["files.write('x.txt', 'x')", "write:x.txt"],
      "write-bytes": ["files.write('x.bin', new Uint8Array(2))", "write:x.bin"],
      "delete-a-file": ["files.delete('secret.txt')", "write:secret.txt"],
      "list-files": ["files.list('s')", "read:s**"],
      "call-another-function": ["circle.tell_secret()", "call:tell_secret"],
      "call-what-is-not-there": ["circle.nothing()", "call:nothing"],
      "call-a-member-of-a-prototype": ["circle.constructor()", "call:constructor"],
      "call-has-own-property": ["circle.hasOwnProperty('sign_guestbook')", "call:hasOwnProperty"],
      "call-by-another-name": ["circle['sign_guestbook_']()", "call:sign_guestbook_"],
      "call-in-other-letters": ["circle.SIGN_GUESTBOOK('m')", "call:SIGN_GUESTBOOK"],
      "read-the-policy": ["policy.get()", "policy"],
      "write-the-policy": ["policy.set({ grants: [{ to: '*', allow: ['**'] }] })", "policy"],
      "read-the-library": ["library.get()", "library"],
      "write-the-library": ["library.set('export const sign_guestbook = () => data.get(`secret`)')", "library"],
      "list-the-inbox": ["inbox.list()", "inbox"],
      "allow-itself": ["inbox.allow('0')", "inbox"],
      "allow-itself-always": ["inbox.allow('0', { always: true })", "policy"],
      "read-the-log": ["log.read()", "log"],
    }),
  )("[SB15] %s: cannot, and cannot catch that", (_, [script, capability]) => {
    const caught = attack(
      `try { ${script} } catch {} finally { try { ${script} } catch {} }; circle.sign_guestbook('m')`,
    );
    expect(caught.end).toEqual({ kind: "denied", capability });
    expect(caught.writes).toEqual([]);
  });

  it.each(
    Object.entries({
      "glob-for-a-name": "circle['*']('x')",
      "name-with-a-line-break": "circle['sign_guestbook\\ntell_secret']('x')",
      "name-with-quotes": `circle['sign_guestbook"']('x')`,
      "name-with-a-dot": "circle['data.get']('secret')",
      "empty-name": "circle['']('secret')",
      "then-of-the-api": "await circle; circle.then('secret')",
      "symbols-of-the-api": "circle[Symbol.iterator]()",
      "path-for-a-document": "data.get('../config/policy')",
      "path-for-a-file": "files.read('../config/library.js')",
      "path-that-begins-with-a-slash": "files.read('/etc/passwd')",
      "documents-file": "files.read('secret.json')",
      "documents-file-in-other-letters": "files.read('secret.JSON')",
      "no-function": "circle.sign_guestbook = () => 1; delete circle.sign_guestbook; circle.a.b.c()",
      "defined-function": "Object.defineProperty(circle, 'tell_secret', { value: () => 1 })",
      "new-prototype": "Object.setPrototypeOf(circle, { tell_secret: 1 })",
    }),
  )("[SB18] %s: is the script's error", (_, script) => {
    expect(attack(`"use strict"; ${script}`).end).toMatchObject({ kind: "thrown", name: "TypeError" });
  });

  it("[SB18] is told no names of functions", () => {
    const { end } =
      attack(`[Object.keys(circle), Reflect.ownKeys(circle), "tell_secret" in circle, Object.isFrozen(circle),
      Object.getPrototypeOf(circle), typeof circle.tell_secret, typeof circle.nothing,
      String(circle.tell_secret) === String(circle.nothing), JSON.stringify(circle)]`);
    expect(end).toMatchObject({
      output: '[[],[],false,true,null,"function","function",true,"{}"]',
    });
  });

  it.each(
    Object.entries({
      "argument-that-is-a-name": "circle.sign_guestbook('__proto__')",
      "argument-with-an-own-key": "circle.sign_guestbook({ name: 'm', key: 'alice', toString: 1 })",
      "argument-with-a-polluting-key": `circle.sign_guestbook(JSON.parse('{"__proto__":{"key":"alice"}}'))`,
      "argument-with-a-to-json": "circle.sign_guestbook({ toJSON() { return 'from to-json' } })",
      "argument-that-changes": "let n = 0; circle.sign_guestbook({ toJSON: () => n++ ? 5 : 'x' })",
      "argument-that-signs": "circle.sign_guestbook({ toJSON: () => String(circle.sign_guestbook('inner').guest) })",
      "argument-that-signs-for-ever":
        "const a = { toJSON() { circle.sign_guestbook(a); return 'x' } }; circle.sign_guestbook(a)",
      "argument-that-throws": "circle.sign_guestbook({ toJSON() { throw new Error('mine') } })",
      "getter-argument": "circle.sign_guestbook({ get name() { return circle.sign_guestbook('inner') } })",
      "proxy-argument": "circle.sign_guestbook(new Proxy([], { get: (t, n) => n === 'length' ? 3 : 'x' }))",
      "endless-proxy-argument": "circle.sign_guestbook(new Proxy([], { get: (t, n) => n === 'length' ? 2 ** 40 : n }))",
      "cyclic-argument": "const a = []; a.push(a); circle.sign_guestbook(a)",
      "symbol-argument": "circle.sign_guestbook(Symbol('m'))",
      "function-argument": "circle.sign_guestbook(() => data.get('secret'))",
      "big-integer-argument": "circle.sign_guestbook(1n)",
      "nested-argument": "let a = []; for (let i = 0; i < 1e4; i++) a = [a]; circle.sign_guestbook(a)",
      "many-arguments": "circle.sign_guestbook(...Array(5e4).fill('m'))",
      "large-argument": "circle.sign_guestbook('x'.repeat(4e6))",
      "broken-characters": "circle.sign_guestbook('\\ud800'); circle.sign_guestbook('\\u0000\\u2028\"}],')",
      "endless-argument": "circle.sign_guestbook({ toJSON() { for (;;); } })",
      "endless-calls": "for (;;) circle.sign_guestbook('m')",
      "endless-calls-caught": "for (;;) try { for (;;) circle.sign_guestbook('m') } catch {}",
      "calls-from-a-deep-stack": "const f = () => { circle.sign_guestbook('m'); f() }; try { f() } catch {}",
      "calls-from-a-job": "Promise.resolve().then(() => circle.sign_guestbook('late')); 1",
      "calls-from-a-finalizer":
        "const r = new FinalizationRegistry(() => circle.sign_guestbook('f')); r.register({}, 1); await null; 1",
      "call-with-another-this":
        "circle.sign_guestbook.call({ caller: 'alice' }, 'm'); Reflect.apply(circle.sign_guestbook, data, ['m'])",
      "call-with-new": "new circle.sign_guestbook('m')",
      "another-caller":
        "CALLER_PUBLIC_KEY = 'alice'; globalThis.CIRCLE_PUBLIC_KEY = 'bob'; Object.defineProperty(globalThis, 'CALLER_PUBLIC_KEY', { get: () => 'alice' }); circle.sign_guestbook('m')",
      "another-context":
        "try { context.caller = 'alice' } catch {} Object.defineProperty(Object.prototype, 'caller', { get: () => 'alice' }); circle.sign_guestbook('m')",
      "replaced-api":
        "circle = { sign_guestbook: (n) => data.get(n) }; globalThis.left = 1; context.circle.sign_guestbook('m')",
      "poisoned-json":
        "JSON.stringify = () => '[\"secret\"]\\ntell_secret\\n[]'; JSON.parse = () => 'x'; circle.sign_guestbook('m')",
      "poisoned-to-json": "Array.prototype.toJSON = () => 'tell_secret\\n[]'; circle.sign_guestbook('m')",
      "poisoned-text-to-json": "String.prototype.toJSON = () => 'tell_secret'; circle.sign_guestbook('m')",
      "poisoned-object-to-json": "Object.prototype.toJSON = () => ['tell_secret']; circle.sign_guestbook('m')",
      "poisoned-apply":
        "Reflect.apply = Function.prototype.call = Function.prototype.apply = (...a) => a; circle.sign_guestbook('m')",
      "poisoned-slice":
        "String.prototype.slice = String.prototype.indexOf = () => 'tell_secret'; circle.sign_guestbook('m')",
      "poisoned-array":
        "for (const n of [0, 1, 'length']) try { Object.defineProperty(Array.prototype, n, { set() {}, get: () => 'tell_secret' }) } catch {} circle.sign_guestbook('m')",
      "poisoned-object":
        "for (const n of ['name', 'message', 'line', 'get', 'then', 'value', 'call']) Object.defineProperty(Object.prototype, n, { set() {}, get: () => 'tell_secret' }); circle.sign_guestbook('m')",
      "poisoned-proxy":
        "globalThis.Proxy = Reflect.get = Reflect.ownKeys = () => 'tell_secret'; circle.sign_guestbook('m')",
      "poisoned-promise":
        "Promise.prototype.then = (f) => f('tell_secret'); Promise.resolve = () => 1; circle.sign_guestbook('m')",
      "poisoned-error":
        "Error.prepareStackTrace = (e, sites) => sites.map((s) => s.getFunction?.()); TypeError.prototype.name = 'x'; try { circle.sign_guestbook(1) } catch (e) { e.stack }",
      "poisoned-iterators":
        "Array.prototype[Symbol.iterator] = function* () { yield 'tell_secret' }; String.prototype[Symbol.iterator] = null; circle.sign_guestbook('m')",
      "frozen-everything":
        "for (const o of [Object, Array, String, Function, Promise, Error]) Object.freeze(o.prototype); circle.sign_guestbook('m')",
      "nothing-left":
        "const { circle: api } = context; for (const n of Object.getOwnPropertyNames(globalThis)) delete globalThis[n]; api.sign_guestbook('m')",
      "full-heap":
        "const all = []; try { for (;;) all.push(new ArrayBuffer(1e5)) } catch {} circle.sign_guestbook('m')",
      "writes-beyond-the-limit": "for (let i = 0; ; i++) circle.sign_guestbook('m'.repeat(100))",
    }),
  )("[SB18] %s: signs at most", (_, script) => {
    attack(script, { limits: { cpuMs: 200, memoryBytes: 16 * 2 ** 20 } });
  });

  it.each(
    Object.entries({
      realm: "const { constructor } = circle.sign_guestbook('m'); constructor === Object",
      "realm-of-a-list": "circle.sign_guestbook('m').kept.constructor === Array",
      "realm-of-an-error": "try { circle.sign_guestbook(1) } catch (e) { e.constructor === TypeError }",
      "own-copy-of-a-result":
        "const { kept } = circle.sign_guestbook('m'); kept.push('left'); circle.sign_guestbook('m').kept.length === 2",
      "pollution-of-its-own-realm-only":
        "Object.prototype.left = 1; Array.prototype.push = () => { throw 1 }; circle.sign_guestbook('m').kept.length === 1",
      "no-stack-of-the-library":
        "try { circle.sign_guestbook(1) } catch (e) { !/library|sign_guestbook \\(/.test(e.stack) && Object.keys(e).length === 0 }",
    }),
  )("[SB18] %s: only values cross", (_, script) => {
    expect(attack(script).end).toMatchObject({ kind: "value", output: "true" });
  });
});
