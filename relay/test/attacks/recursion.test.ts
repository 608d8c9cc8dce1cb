import { describe, expect, it } from "vitest";
import { STACK_RESET_BYTES } from "../../src/sandbox/quickjs-engine.ts";
import { poolUnderAttack } from "./pool-under-attack.ts";

/** The engine's stack grows down from here. */
const STACK_BYTES = 2 ** 20;
/** No attack comes nearer to the end of what is put back. */
const MARGIN_BYTES = 64 * 2 ** 10;

const repeat = (text: string, times: number, then = "") => text.repeat(times) + then;

describe("recursion", () => {
  const { play, attack } = poolUnderAttack({ thread: new URL("./watched-thread.ts", import.meta.url) });

  async function expectShallow(script: string): Promise<void> {
    const { end } = await play(script);
    expect(["thrown", "limit", "value"]).toContain(end.kind);
    const { end: looked } = await attack("data.get('look/deepest')");
    const deepest = looked.kind === "value" ? Number(looked.output) : Number.NaN;
    expect(deepest).toBeGreaterThan(STACK_BYTES - STACK_RESET_BYTES + MARGIN_BYTES);
  }

  it.each(
    Object.entries({
      function: "const f = () => f(); f()",
      "function-with-many-variables": `(function f() { let ${Array.from({ length: 5e3 }, (_, i) => `v${i} = ${i}`).join()}; f() })()`,
      "function-with-many-arguments": "const f = (...a) => f(...a, 1); f(...Array(3e4).fill(0))",
      "function-in-finally": "const f = (n) => { try { f() } finally { if (n) f() } }; f(1)",
      method: "const o = { toString() { return `${o}` } }; `${o}`",
      getter: "const o = { get a() { return o.a } }; o.a",
      constructor: "class A { constructor() { new A() } } new A()",
      superclass: "let C = class {}; for (let i = 0; i < 2e4; i++) C = class extends C {}; new C()",
      generator: "function* g() { yield* g() } [...g()]",
      "async-function": "const f = async () => { await f() }; await f()",
      "tagged-template": "const f = () => f`x`; f()",
      iterator: "const o = { [Symbol.iterator]: () => [...o] }; [...o]",
      "to-primitive": "const o = { [Symbol.toPrimitive]: () => +o }; +o",
      dispose: "const f = () => { using x = { [Symbol.dispose]: f } }; f()",
      eval: "const f = () => eval('f()'); f()",
      "function-constructor": "globalThis.f = () => new Function('return f()')(); f()",
      "sort-comparator": "const f = () => [2, 1].sort(f); f()",
      "replace-callback": "const f = () => 'x'.replace(/x/, f); f()",
      "array-callback": "const f = () => [1].map(f); f()",
      reflection: "const f = () => Reflect.apply(f, null, []); f()",
      "json-reviver": "const f = () => JSON.parse('[1]', f); f()",
      "json-to-json": "const o = { toJSON: () => JSON.stringify(o) }; JSON.stringify(o)",
      "json-parse": "JSON.parse('['.repeat(1e6))",
      "json-parse-objects": "JSON.parse('{\"a\":'.repeat(1e6))",
      "json-stringify": "let a = []; for (let i = 0; i < 2e3; i++) a = [a]; JSON.stringify(a)",
      "array-to-string": "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; `${a}`",
      "array-flat": "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)",
      "proxy-of-proxies": "let p = {}; for (let i = 0; i < 3e4; i++) p = new Proxy(p, {}); p.x",
      "proxy-of-callables": "let p = () => 1; for (let i = 0; i < 3e4; i++) p = new Proxy(p, {}); p()",
      "proxy-of-arrays": "let p = []; for (let i = 0; i < 3e4; i++) p = new Proxy(p, {}); Array.isArray(p)",
      "proxy-keys": "let p = {}; for (let i = 0; i < 3e4; i++) p = new Proxy(p, {}); Object.keys(p)",
      "proxy-in-its-own-chain": "const o = {}; const p = new Proxy(o, {}); Object.setPrototypeOf(o, p); p.x",
      "bound-function": "let f = () => 1; for (let i = 0; i < 3e4; i++) f = f.bind(null); f()",
      "bound-instance-check": "let f = class {}; for (let i = 0; i < 3e4; i++) f = f.bind(null); ({}) instanceof f",
      "freed-list": "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; o = null; 1",
      "freed-closures": "let f = () => 0; for (let i = 0; i < 5e4; i++) { const g = f; f = () => g() } f = null; 1",
      "freed-promises": "let p = Promise.resolve(); for (let i = 0; i < 2e4; i++) p = p.then(() => {}); p = null; 1",
      rope: "let s = ''; for (let i = 0; i < 5e4; i++) s = `a${s}b`; s.charCodeAt(1e4)",
      "rope-comparison": "let s = '', t = ''; for (let i = 0; i < 5e4; i++) { s += 'a'; t = t + 'a' } s === t",
      "error-cause": "let e = new Error('x'); for (let i = 0; i < 2e4; i++) e = new Error('x', { cause: e }); throw e",
      "thrown-in-describing": "const e = () => ({ get message() { throw e() } }); throw e()",
      "regex-groups": "new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5))",
      "regex-lookaheads": "new RegExp('(?='.repeat(3e3) + ')'.repeat(3e3)).test('')",
      "regex-classes": "new RegExp('['.repeat(1e5) + ']'.repeat(1e5), 'v')",
      "regex-captures": "new RegExp('(a'.repeat(200) + ')*'.repeat(200)).test('a'.repeat(1e4))",
      "host-call": "const f = () => { data.get('a'); f() }; f()",
      "host-call-that-fails": "const f = () => { try { data.set('a') } catch {} f() }; f()",
      "host-call-with-to-json": "const o = { toJSON() { data.set('a', o); return 1 } }; data.set('a', o)",
    }),
  )("deep-%s: ends the script and stays on the stack that is put back", async (_, script) => {
    await expectShallow(script);
  });

  it.each(
    Object.entries({
      parentheses: repeat("(", 1e5),
      brackets: repeat("[", 1e5),
      braces: repeat("{", 1e5),
      objects: repeat("({a:", 1e5),
      templates: repeat("`${", 1e5),
      classes: repeat("class A { static x = ", 2e4),
      superclasses: repeat("(class extends ", 2e4),
      "array-patterns": `const ${repeat("[", 1e5)}`,
      "object-patterns": `const ${repeat("{a:", 1e5)}`,
      "closed-patterns": `const ${repeat("[", 2e4)}a${repeat("]", 2e4)} = 1`,
      "default-parameters": repeat("(a = ", 1e5),
      "arrow-functions": repeat("a => ", 1e5, "1"),
      functions: repeat("function f() {", 1e4),
      generators: `function* f() { ${repeat("yield ", 1e5)} }`,
      awaits: repeat("await ", 1e5, "1"),
      negations: repeat("!", 1e5, "1"),
      news: repeat("new ", 1e5, "X"),
      powers: repeat("1 ** ", 1e5, "1"),
      conditions: repeat("1 ? ", 1e5),
      assignments: repeat("a = ", 1e5, "1"),
      sums: repeat("1 + ", 3e4, "1"),
      conjunctions: repeat("1 && ", 3e4, "1"),
      "optional-chains": `x${repeat("?.a", 3e4)}`,
      calls: `x${repeat("()", 3e4)}`,
      blocks: repeat("{", 3e4, repeat("}", 3e4)),
      loops: repeat("while (0) ", 1e5, ";"),
      "else-ifs": repeat("if (0); else ", 1e5, ";"),
      labels: Array.from({ length: 5e4 }, (_, i) => `l${i}:`).join(""),
      switches: repeat("switch (0) { default: ", 1e4),
      tries: repeat("try { ", 1e4),
      returns: `return ${repeat("(", 1e5)}`,
    }),
  )("nested-%s: do not compile, or do, and stay on the stack that is put back", async (_, script) => {
    await expectShallow(script);
  });
});
