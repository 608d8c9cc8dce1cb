import type { Grant } from "@circles/sdk";
import { quoted } from "../parts/quoted.ts";
import { shortKey } from "../peers/short-key.ts";
import { isPublicKey } from "../peers/target.ts";

export type Wording = {
  /** Names by which the owner knows keys. */
  readonly names?: ReadonlyMap<string, string>;
  /** How a time is written, ISO 8601 by default. */
  readonly time?: (iso: string) => string;
};

/**
 * A grant as a sentence that a person reads and means the same by as the relay does. What somebody else may have named stands in
 * quotes that it cannot end.
 */
export function sentenceOf(grant: Grant, { names = new Map(), time = (iso) => iso }: Wording = {}): string {
  const parts = [`${who(grant.to, names)} may ${listed(grant.allow.map(deed))}`];
  const { limits = {}, scripts = [], expires, approval } = grant;
  const rate = limits.plays_per_minute;
  if (rate !== undefined) parts.push(times(rate));
  const total = limits.in_total?.plays_per_minute;
  if (total !== undefined) parts.push(`${times(total)} all together`);
  if (limits.cpu_ms !== undefined) parts.push(`with at most ${limits.cpu_ms} ms of computing`);
  if (limits.wall_ms !== undefined) parts.push(`within ${limits.wall_ms} ms`);
  if (limits.memory_bytes !== undefined) parts.push(`in ${bytes(limits.memory_bytes)} of memory`);
  if (limits.output_bytes !== undefined) parts.push(`with results of at most ${bytes(limits.output_bytes)}`);
  if (limits.storage_bytes !== undefined) parts.push(`writing at most ${bytes(limits.storage_bytes)} each time`);
  if (scripts.length > 0)
    parts.push(scripts.length === 1 ? "with one certain script only" : `with ${scripts.length} certain scripts only`);
  if (expires !== undefined) parts.push(`until ${time(expires)}`);
  if (approval === "ask") parts.push("if you allow it each time");
  return `${parts.join(", ")}.`;
}

/** Whom a grant is to. */
export function who(to: string, names: ReadonlyMap<string, string> = new Map()): string {
  if (to === "*") return "Anyone";
  if (!isPublicKey(to)) return `Everyone in the group ${quoted(to)}`;
  const name = names.get(to);
  return name === undefined ? shortKey(to) : `${quoted(name)} (${shortKey(to)})`;
}

const TOOLS: Readonly<Record<string, string>> = {
  policy: "change who may do what, and so everything",
  library: "replace your published functions, and so do everything that they can",
  inbox: "answer what asks in your inbox",
  log: "read your log",
};

/** What a capability lets somebody do. */
export function deed(capability: string): string {
  const at = capability.indexOf(":");
  const [kind, what] = at < 0 ? [capability, ""] : [capability.slice(0, at), capability.slice(at + 1)];
  if (kind === "read") return `read ${documents(what)}`;
  if (kind === "write") return `write and delete ${documents(what)}`;
  if (kind === "call") return what === "*" ? "call every function that you publish" : `call ${named(what)}`;
  if (kind === "emit") return `tell those who subscribe to ${topics(what)}`;
  if (kind === "subscribe") return `be told of ${topics(what)}`;
  return TOOLS[capability] ?? `do ${quoted(capability)}`;
}

function documents(glob: string): string {
  if (glob === "**") return "everything";
  const folder = glob.slice(0, -3);
  if (glob.endsWith("/**") && !folder.includes("*")) return `everything below ${quoted(folder)}`;
  return named(glob);
}

function topics(glob: string): string {
  return glob === "**" ? "every topic" : named(glob);
}

function named(glob: string): string {
  return glob.includes("*") ? `what is named like ${quoted(glob)}` : quoted(glob);
}

function times(perMinute: number): string {
  return perMinute === 1 ? "once a minute" : `${perMinute} times a minute`;
}

function listed(deeds: readonly string[]): string {
  if (deeds.length === 0) return "do nothing";
  if (deeds.length === 1) return deeds[0] ?? "";
  return `${deeds.slice(0, -1).join(", ")} and ${deeds.at(-1)}`;
}

function bytes(count: number): string {
  if (count >= 2 ** 20) return `${count / 2 ** 20} MiB`;
  return count >= 1024 ? `${count / 1024} KiB` : `${count} bytes`;
}
