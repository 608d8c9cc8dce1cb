import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { type PlayContext, scriptSource } from "./script.ts";

/** Evaluates a script as a circle would, with nothing in sight but `context`. */
function evaluate(source: string): unknown {
  return runInNewContext(source, { context: { args: 20, caller: "alice" } });
}

function plainFunction({ args }: PlayContext<number>) {
  return args + 1;
}

const members = {
  method({ args }: PlayContext<number>) {
    return args + 1;
  },
  async asyncMethod({ args }: PlayContext<number>) {
    return args + 1;
  },
  async({ args }: PlayContext<number>) {
    return args + 1;
  },
  // biome-ignore lint/complexity/useLiteralKeys: the form is the point
  ["computed"]({ args }: PlayContext<number>) {
    return args + 1;
  },
  get({ args }: PlayContext<number>) {
    return args + 1;
  },
};

describe("scriptSource", () => {
  it("[S2] a text is a script already", () => {
    expect(scriptSource("1 + 1")).toBe("1 + 1");
  });

  it.each<[string, (context: PlayContext<number>) => unknown]>([
    ["an arrow function", ({ args }) => args + 1],
    // biome-ignore format: the form without parentheses is the point
    ["an arrow function without parentheses", context => context.args + 1],
    ["an arrow function with an object", ({ args }) => ({ args }).args + 1],
    ["an async arrow function", async ({ args }) => args + 1],
    // biome-ignore format: the form without parentheses is the point
    ["an async arrow function without parentheses", async context => context.args + 1],
    ["an arrow function with a default", ({ args }, more = ")".length) => args + more],
    ["a function expression", plainFunction],
    [
      "a named async function",
      async function named({ args }) {
        return args + 1;
      },
    ],
    ["a method", members.method],
    ["an async method", members.asyncMethod],
    ["a method called async", members.async],
    ["a method with a computed name", members.computed],
    ["a method called get", members.get],
  ])("[S2] %s plays", async (_, fn) => {
    expect(await evaluate(scriptSource(fn))).toBe(21);
  });

  it("[S2] a function without a source is refused", () => {
    expect(() => scriptSource(Math.max as (context: never) => unknown)).toThrow(TypeError);
    expect(() => scriptSource(members.method.bind(members))).toThrow(/native or bound/);
  });

  it("[S2] what a minifier made of keepNames' helper names functions, and anything else is as undefined as it was", () => {
    const name = (fn: unknown, value: string) => Object.defineProperty(fn, "name", { value });
    const run = (text: string, context: unknown): unknown => {
      const script = scriptSource(Object.assign(() => {}, { toString: () => text }));
      return runInNewContext(script, { context, __name: name });
    };
    expect(run('e=>{let n=t(r=>r*2,"double");return n.name+n(e)+typeof t}', 21)).toBe("double42function");
    expect(run('(e)=>{const t=(a,b)=>a+b;return t(e,"!")}', "hello")).toBe("hello!");
    expect(() => run('(e)=>t(e,"!")', "hello")).toThrow("t is not defined");
  });

  it("[S2] counters of coverage count nowhere, and hide nothing that is missing", () => {
    const run = (text: string): unknown => {
      const script = scriptSource(Object.assign(() => {}, { toString: () => text }));
      return runInNewContext(script, { context: { args: 21 } });
    };
    const counted = "cov_1a2b().f[0]++;cov_1a2b().s[1]++;";
    expect(run(`({args})=>{${counted}return args>1?(cov_1a2b().b[0][0]++,args*2):(cov_1a2b().b[0][1]++,0)}`)).toBe(42);
    expect(run(`function twice({args}){${counted}return cov_9z().s[0]++,args*2}`)).toBe(42);
    expect(() => run(`({args})=>{${counted}return args*rate}`)).toThrow("rate is not defined");
    expect(() => run("({args})=>args*cov_rate()")).toThrow("cov_rate is not defined");
  });
});
