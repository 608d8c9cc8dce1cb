import { parseArgs } from "node:util";
import { UsageError } from "./usage-error.ts";

const FLAGS = {
  key: { type: "string" },
  relay: { type: "string" },
  eval: { type: "string", short: "e" },
  arg: { type: "string", multiple: true },
  args: { type: "string" },
  timeout: { type: "string" },
  json: { type: "boolean" },
  to: { type: "string" },
  allow: { type: "string", multiple: true },
  ask: { type: "boolean" },
  expires: { type: "string" },
  "per-minute": { type: "string" },
  always: { type: "boolean" },
  follow: { type: "boolean", short: "f" },
  after: { type: "string" },
  "passphrase-file": { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

type Flag = keyof typeof FLAGS;
export type Flags = ReturnType<typeof parse>["values"];
export type Environment = Readonly<Record<string, string | undefined>>;

/** What every command takes. */
const ALWAYS: readonly Flag[] = ["key", "relay", "timeout", "json"];

/** What a command takes beside that: words, those in brackets may be left out, and options. */
type Shape = { readonly words: readonly string[]; readonly flags?: readonly Flag[] };

const SHAPES = {
  "keys new": { words: ["[NAME]"] },
  "keys list": { words: [] },
  "keys export": { words: ["NAME"], flags: ["passphrase-file"] },
  "keys import": { words: ["NAME"], flags: ["passphrase-file"] },
  play: { words: ["CIRCLE", "[FILE]"], flags: ["eval", "arg", "args"] },
  call: { words: ["CIRCLE", "FUNCTION", "[ARG...]"] },
  repl: { words: ["CIRCLE"] },
  subscribe: { words: ["CIRCLE", "TOPIC"], flags: ["after"] },
  "policy get": { words: ["CIRCLE"] },
  "policy edit": { words: ["CIRCLE"] },
  "policy grant": { words: ["CIRCLE"], flags: ["to", "allow", "ask", "expires", "per-minute"] },
  "policy revoke": { words: ["CIRCLE"], flags: ["to", "allow"] },
  "library get": { words: ["CIRCLE"] },
  "library push": { words: ["CIRCLE", "FILE"] },
  inbox: { words: ["CIRCLE"], flags: ["follow"] },
  "inbox allow": { words: ["CIRCLE", "ID"], flags: ["always"] },
  "inbox deny": { words: ["CIRCLE", "ID", "[REASON]"] },
  log: { words: ["CIRCLE"], flags: ["follow", "after"] },
  "data ls": { words: ["CIRCLE", "[PREFIX]"] },
  "data get": { words: ["CIRCLE", "NAME"] },
  "data set": { words: ["CIRCLE", "NAME", "JSON"] },
  "data rm": { words: ["CIRCLE", "NAME"] },
} as const satisfies Record<string, Shape>;

export type CommandName = keyof typeof SHAPES;

export type Command = {
  readonly name: CommandName;
  readonly words: readonly string[];
  readonly flags: Flags;
};

export type CommandLine = Command | { readonly name: "help" } | { readonly name: "version" };

/** @throws {UsageError} with a sentence that names what was expected and what came. */
export function parseCommandLine(argv: readonly string[], env: Environment = {}): CommandLine {
  const { values, positionals } = parse(argv);
  if (values.help || argv.length === 0) return { name: "help" };
  if (values.version) return { name: "version" };
  const name = nameOf(positionals);
  const shape: Shape = SHAPES[name];
  const words = positionals.slice(name.split(" ").length);
  checkWords(name, shape.words, words);
  const allowed: readonly string[] = [...ALWAYS, ...(shape.flags ?? [])];
  const stray = Object.keys(values).find((flag) => !allowed.includes(flag));
  if (stray !== undefined) throw new UsageError(`circles ${name}: --${stray} says nothing there`);
  return { name, words, flags: { ...defaultsFrom(env), ...values } };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, strict: true, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.replaceAll("\n", " "), { cause: error });
  }
}

function nameOf([first = "", second = ""]: readonly string[]): CommandName {
  for (const name of [`${first} ${second}`, first]) if (Object.hasOwn(SHAPES, name)) return name as CommandName;
  const parts = Object.keys(SHAPES).filter((name) => name.startsWith(`${first} `));
  if (parts.length === 0) throw new UsageError(`circles: expected a command, got ${JSON.stringify(first)}`);
  throw new UsageError(`circles ${first}: expected ${parts.map((name) => name.slice(first.length + 1)).join(", ")}`);
}

function checkWords(name: string, expected: readonly string[], words: readonly string[]): void {
  const least = expected.filter((word) => !word.startsWith("[")).length;
  const most = expected.some((word) => word.endsWith("...]")) ? Number.POSITIVE_INFINITY : expected.length;
  if (words.length >= least && words.length <= most) return;
  throw new UsageError(`circles ${name}: expected ${expected.join(" ") || "nothing more"}, got ${words.length} words`);
}

function defaultsFrom(env: Environment): Pick<Flags, "key" | "relay" | "timeout"> {
  const { CIRCLES_KEY: key, CIRCLES_RELAY: relay, CIRCLES_TIMEOUT: timeout } = env;
  return { ...(key ? { key } : {}), ...(relay ? { relay } : {}), ...(timeout ? { timeout } : {}) };
}

export function parseWhole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`);
}

export function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`${name}: expected JSON, got ${JSON.stringify(text.slice(0, 40))}`);
  }
}

/** JSON, or what is none as a text. */
export function looseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
