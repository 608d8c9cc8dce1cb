import { PRELUDE } from "./prelude.ts";

/**
 * The prelude of a circle's library. It gives the host four functions: `load`, to be called once with what the module
 * exports; `fail`, with what it threw instead; `begin`, before the first call of each play, with its caller and circle as
 * JSON; `call`, with three lines: a number for the answer, a function's name, its arguments as JSON.
 */
export const LIBRARY_PRELUDE = String.raw`(host) => {
${PRELUDE}

const functions = { __proto__: null };
const load = (exported) => {
  try {
    const names = keys(exported);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (typeof exported[name] !== "function") {
        throw new TypeError("expected exports that are functions, got " + name + ", which is " + kind(exported[name]));
      }
      functions[name] = exported[name];
    }
    host("loaded", "0\n" + stringify(names));
  } catch (error) { fail(error); }
};

const begin = (contextJson) => { introduce(parse(contextJson)); };

const call = async (payload) => {
  const idEnd = apply(indexOf, payload, ["\n"]);
  const id = apply(slice, payload, [0, idEnd]);
  try {
    const nameEnd = apply(indexOf, payload, ["\n", idEnd + 1]);
    const fn = functions[apply(slice, payload, [idEnd + 1, nameEnd])];
    if (fn === undefined) { host("missing", id + "\n"); return; }
    const args = parse(apply(slice, payload, [nameEnd + 1]));
    if (!isArray(args)) throw new TypeError("circle: expected a list of arguments");
    const result = await apply(fn, undefined, args);
    host("returned", id + "\n" + (result === undefined ? "" : json("result", result)));
  } catch (error) { host("thrown", id + "\n" + describe(error)); }
};

const fail = (error) => { host("thrown", "0\n" + describe(error)); };

return { load, fail, begin, call };
}`;
