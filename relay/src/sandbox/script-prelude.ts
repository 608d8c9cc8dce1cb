import { UNNAMED } from "./function-names.ts";
import { PRELUDE } from "./prelude.ts";

/**
 * The prelude of scripts. It gives the host three functions: `begin`, to be called before a script with the play's
 * context as JSON; `conclude`, with `{ value }` of the script's last expression; `fail`, with what it threw.
 */
export const SCRIPT_PRELUDE = String.raw`(host) => {
${PRELUDE}

// Every name is a function: what the circle's library exports is for those to know who may call it.
const unnamed = freeze({ __proto__: null, ${UNNAMED.map((name) => `${name}: 1`).join(", ")} });
const circle = new Proxy(freeze({ __proto__: null }), freeze({
  __proto__: null,
  get(target, name) {
    if (typeof name !== "string" || name in unnamed) return undefined;
    return (...args) => {
      let { length } = args;
      while (length > 0 && args[length - 1] === undefined) length--;
      args.length = length; // left out is left out, and not null
      return hostCall("circle.call", stringify(name) + "\n" + json("circle." + name, args));
    };
  },
}));

const tool = (operation, ...args) => hostCall("tool", json(operation, [operation, args]));
const policy = freeze({
  get() { return tool("policy.get"); },
  set(value) { tool("policy.set", value); },
  check(peer, capability) { return tool("policy.check", peer, capability); },
});
const library = freeze({
  get() { return tool("library.get"); },
  set(source) { tool("library.set", text("library.set", source)); },
});
const inbox = freeze({
  list(options) { return tool("inbox.list", options); },
  allow(id, options) { return tool(options?.always ? "policy.allow" : "inbox.allow", id); },
  deny(id, reason) { return reason === undefined ? tool("inbox.deny", id) : tool("inbox.deny", id, reason); },
});
const log = freeze({
  read(options) { return tool("log.read", options); },
  storage() { return tool("log.storage"); },
});
const events = freeze({
  read(topic, options) { return options === undefined ? tool("events.read", topic) : tool("events.read", topic, options); },
});

const reserved = (name) => () => {
  throw new Error(name + ": plays from inside a play are reserved for a later version of Circles");
};
const play = reserved("play");
const schedule = reserved("schedule");

let args;
const context = freeze({
  get caller() { return caller; },
  get owner() { return owner; },
  get DB_PATH() { return DB_PATH; },
  get args() { return args; },
  print, progress, emit, data, files, circle, policy, library, inbox, log, events, play, schedule,
});
provide("args", undefined);
provide("context", context);
provide("circle", circle);
provide("policy", policy);
provide("library", library);
provide("inbox", inbox);
provide("log", log);
provide("events", events);
provide("play", play);
provide("schedule", schedule);

const begin = (contextJson) => {
  const given = parse(contextJson);
  introduce(given);
  globalThis.args = args = given.args;
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
