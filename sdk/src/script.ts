import type { EventsOptions, EventsPage } from "./protocol/events.ts";
import type { InboxEntry } from "./protocol/inbox.ts";
import type { LogOptions, LogPage } from "./protocol/log.ts";
import type { PolicyDocument } from "./protocol/policy.ts";

/** Names that begin with `prefix`, sorted; from `start` on, itself included, and at most `limit`. */
type ListNames = (prefix?: string, options?: { start?: string; limit?: number }) => string[];

/**
 * What a script sent as a function is called with: all that one play can see. Whatever its caller has no capability for
 * ends the play; a script cannot catch that.
 */
export interface PlayContext<Args = unknown> {
  /** Public key of the peer who sent the play. */
  readonly caller: string;
  /** Public key of the peer in whose circle it runs. */
  readonly owner: string;
  /** The circle's own API: functions that its owner published. */
  // biome-ignore lint/suspicious/noExplicitAny: what is published is the owner's to say, and any member a function
  readonly circle: { readonly [name: string]: any };
  /** The virtual root of the circle's namespace. */
  readonly DB_PATH: string;
  readonly args: Args;
  /** The circle's JSON documents, by name. */
  readonly data: {
    /** `undefined` if there is none. Typed by whoever reads: it is the circle's owner who knows what is there. */
    // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse
    get(name: string): any;
    has(name: string): boolean;
    set(name: string, value: unknown): void;
    /** Answers whether there was one; `undefined` to who may not read it. */
    delete(name: string): boolean | undefined;
    list: ListNames;
  };
  /** Text and bytes beside the documents, by name; a name does not end in `.json`. */
  readonly files: {
    /** `undefined` if there is none. @throws {TypeError} in the script, if the text asked for is no UTF-8. */
    read(name: string, as?: "text"): string | undefined;
    read(name: string, as: "bytes"): Uint8Array | undefined;
    write(name: string, content: string | Uint8Array | ArrayBuffer): void;
    /** Answers whether there was one; `undefined` to who may not read it. */
    delete(name: string): boolean | undefined;
    list: ListNames;
  };
  readonly policy: {
    get(): PolicyDocument;
    set(policy: PolicyDocument): void;
  };
  readonly library: {
    get(): string | undefined;
    /** Compiles it first. @throws {SyntaxError} in the script, or what else the module throws, with line and column. */
    set(source: string): void;
  };
  readonly inbox: {
    list(options?: { after?: string; limit?: number }): InboxEntry[];
    allow(id: string, options?: { always?: boolean }): { note: string } | undefined;
    deny(id: string, reason?: string): void;
  };
  readonly log: {
    read(options?: LogOptions): LogPage;
  };
  readonly events: {
    /** Events of a topic that were committed. */
    read(topic: string, options?: EventsOptions): EventsPage;
  };
  /** Tells those who subscribe to `topic`, if and when the play commits. `value` is JSON. */
  emit(topic: string, value: unknown): void;
  /** Streams a line to the caller while the script runs. */
  print(...values: unknown[]): void;
  /** Streams how far the script is, from 0 to 1. */
  progress(fraction: number, note?: string): void;
}

/** A script as a function. It travels as its source: variables around it stay behind, `args` go along. */
export type ScriptFunction<Args, Result> = (context: PlayContext<Args>) => Result;

/** The source that plays a function, on the function's own lines. A string is a script already. */
export function scriptSource(script: string | ((context: never) => unknown)): string {
  if (typeof script === "string") return script;
  const source = script.toString();
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw new TypeError("script: expected a function written in JavaScript, got a native or bound one");
  }
  const expression = asExpression(source);
  const namers = namersIn(source);
  const counters = namesIn(source, COUNTER);
  if (namers.length + counters.length === 0) return `(${expression})(context)`;
  const values = [...namers.map(asNamer), ...counters.map(() => COUNTS)];
  return `((${[...namers, ...counters].join(",")})=>${expression})(${values.join(",")})(context)`;
}

/**
 * Tools that measure coverage as istanbul does count in a function of the module: `cov_1a2b3c().s[4]++`. In a circle there is
 * nobody to count for, and the count goes nowhere.
 */
const COUNTER = /\b(cov_\w+)\(\)\.[bfs]\[/g;
const COUNTS = "(c=>()=>c)({f:{},s:{},b:new Proxy({},{get:()=>({})})})";

/**
 * esbuild's keepNames puts functions into `__name(fn, "name")`, and its minifier gives that helper a short name, another one in
 * each bundle. What looks like it, declared by the function itself or not, is found here.
 */
function namersIn(source: string): string[] {
  const names = namesIn(source, /(?<![\w$.])([A-Za-z_$][\w$]?)\((?=[^"]*,"[^"]*"\))/g);
  return names.filter((name) => !/^(?:if|do|in|of)$/.test(name));
}

function namesIn(source: string, pattern: RegExp): string[] {
  return Array.from(new Set(Array.from(source.matchAll(pattern), ([, name = ""]) => name)));
}

/** Names functions, and is as undefined as it was for everything else. */
function asNamer(name: string): string {
  return `(f,n)=>{if(typeof f!="function")throw new ReferenceError("${name} is not defined");return __name(f,n)}`;
}

/** A method (`play(context) { … }`, `async play() { … }`) is no expression by itself; as a member of an object it is. */
function asExpression(source: string): string {
  const isExpression = /^(?:async\b\s*)?(?:function\b|\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u.test(source);
  const isMethodNamedAsync = /^async\s*\(/.test(source) && !isArrow(source);
  return isExpression && !isMethodNamedAsync ? source : `Object.values({${source}})[0]`;
}

/** Does an arrow follow the parameter list that the source begins with? Strings in defaults do not matter much here. */
function isArrow(source: string): boolean {
  let depth = 0;
  for (let i = source.indexOf("("); i < source.length; i++) {
    if (source[i] === "(") depth += 1;
    else if (source[i] === ")") depth -= 1;
    if (depth === 0) return /^\)\s*=>/.test(source.slice(i));
  }
  return false;
}
