import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { poolUnderAttack } from "./pool-under-attack.ts";

const TOKENS = [
  ..."( ) { } [ ] ; , . : ? = + - * / % & | ^ ! ~ < > ` ' \" \\ # @ $ _ 0 \n".split(" "),
  ..."=> ... ?. ?? ** ++ -- === !== && || ??= <<= >>> /* */ // ${ `${ <!-- -->".split(" "),
  ..."let const var function function* async await yield return throw new delete typeof void in of instanceof".split(
    " ",
  ),
  ..."if else for while do switch case default break continue try catch finally class extends super this static".split(
    " ",
  ),
  ..."get set import export from import.meta new.target debugger with using null undefined NaN Infinity 0n 1e309".split(
    " ",
  ),
  ..."a b f x args data print progress context play Symbol.iterator Promise Proxy Reflect Error RegExp Date eval".split(
    " ",
  ),
  ..."'a' /a/g /(?<x>a+)+$/u 0x7fffffff -1 1.5e3 0b11 {} [] (()=>{}) (async()=>{}) (class{}) globalThis".split(" "),
  ..."files.write('f',x)  files.read('f','bytes')  circle.f(x)  library.set(x)  policy.get()  inbox.allow(x)  circle[x]".split(
    "  ",
  ),
  ..."data.get('a') data.set('a',x) data.list() print(x) progress(.5) await null throw x return x".split("  "),
];

const VALID = [
  "const names = data.get('guests') ?? []; data.set('guests', [...names, { name: args?.name }]); `guest ${names.length + 1}`",
  "class A { #x = 1; static y = () => new A().#x; get z() { return this.#x ** 2 } } print(A.y(), new A().z); return A.y()",
  "async function* g(n) { for (let i = 0; i < n; i++) yield await i } let s = 0; for await (const x of g(5)) s += x; s",
  "try { null.x } catch ({ message, name }) { progress(0.5, `${name}: ${message}`) } finally { print(/(?<a>.)\\k<a>/u.exec('aa').groups.a) }",
  "label: for (const [k, v] of Object.entries({ a: 1, b: [2, { c: 3 }] })) { switch (k) { case 'a': continue label; default: print(v) } }",
];

describe("any script", () => {
  const { attack } = poolUnderAttack({ limits: { cpuMs: 30, events: 20, memoryBytes: 8 * 2 ** 20 } });

  /** It ends, and in one of the ways a script can end. */
  const expectEnd = async (script: string) => {
    const { end, writes, killed } = await attack(script, { documents: { a: "1" } });
    expect(["value", "thrown", "limit"]).toContain(end.kind);
    if (end.kind !== "value") expect(writes).toEqual([]);
    if (end.kind === "value" && end.format === "json") JSON.parse(end.output);
    expect(killed).toBe(false);
  };
  const tokens = fc.array(fc.constantFrom(...TOKENS), { maxLength: 40 });
  const soup = tokens.map((all) => all.join(" "));
  const glued = tokens.map((all) => all.join(""));

  it.each([
    ["random-text", fc.string({ unit: "binary", maxLength: 200 })],
    ["random-bytes", fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1"))],
    ["half-characters", fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))],
    ["random-json", fc.json()],
    ["token-soup", soup],
    ["glued-tokens", glued],
    ["nested-soup", fc.tuple(soup, fc.constantFrom(...VALID)).map(([a, b]) => `(() => { ${a} })(); ${b}`)],
    ["soup-in-eval", soup.map((text) => `try { eval(${JSON.stringify(text)}) } catch (e) { throw e }`)],
    ["soup-in-a-regex", glued.map((text) => `new RegExp(${JSON.stringify(text)}, 'u').exec(${JSON.stringify(text)})`)],
    ["soup-in-json", glued.map((text) => `JSON.parse(${JSON.stringify(text)})`)],
    ["truncated-script", fc.tuple(fc.constantFrom(...VALID), fc.nat(120)).map(([text, end]) => text.slice(0, end))],
    [
      "script-without-its-start",
      fc.tuple(fc.constantFrom(...VALID), fc.nat(120)).map(([text, from]) => text.slice(from)),
    ],
    [
      "script-with-a-hole",
      fc
        .tuple(fc.constantFrom(...VALID), fc.nat(120), fc.nat(20))
        .map(([text, at, n]) => text.slice(0, at) + text.slice(at + n)),
    ],
    [
      "script-with-an-intruder",
      fc
        .tuple(fc.constantFrom(...VALID), fc.nat(120), fc.constantFrom(...TOKENS))
        .map(([text, at, token]) => text.slice(0, at) + token + text.slice(at)),
    ],
  ])("%s: ends as scripts end", async (_, scripts) => {
    await fc.assert(fc.asyncProperty(scripts, expectEnd), { numRuns: 100 });
  });
});
