import type { Grant } from "@circles/sdk";
import { shortKey } from "../peers/short-key.ts";

/** Names by which the owner knows keys. */
export type Names = ReadonlyMap<string, string>;

/** A grant as a sentence that a person reads and means the same by as the relay does. */
export function sentenceOf(grant: Grant, names: Names = new Map()): string {
  const parts = [`${who(grant.to, names)} may ${listed(grant.allow.map(deed))}`];
  const { limits = {}, scripts = [], expires, approval } = grant;
  const rate = limits.plays_per_minute;
  if (rate !== undefined) parts.push(rate === 1 ? "once a minute" : `${rate} times a minute`);
  const total = limits.in_total?.plays_per_minute;
  if (total !== undefined) parts.push(`${total} times a minute all together`);
  if (limits.cpu_ms !== undefined) parts.push(`with at most ${limits.cpu_ms} ms of computing`);
  if (limits.wall_ms !== undefined) parts.push(`within ${limits.wall_ms} ms`);
  if (limits.memory_bytes !== undefined) parts.push(`in ${bytes(limits.memory_bytes)} of memory`);
  if (limits.output_bytes !== undefined) parts.push(`with results of at most ${bytes(limits.output_bytes)}`);
  if (limits.storage_bytes !== undefined) parts.push(`writing at most ${bytes(limits.storage_bytes)} each time`);
  if (scripts.length > 0)
    parts.push(scripts.length === 1 ? "with one certain script only" : `with ${scripts.length} certain scripts only`);
  if (expires !== undefined) parts.push(`until ${expires}`);
  if (approval === "ask") parts.push("if you allow it each time");
  return `${parts.join(", ")}.`;
}

function who(to: string, names: Names): string {
  if (to === "*") return "Anyone";
  if (!/^0[23][0-9a-f]{64}$/.test(to)) return `Everyone in the group “${to}”`;
  const name = names.get(to);
  return name === undefined ? shortKey(to) : `${name} (${shortKey(to)})`;
}

const TOOLS: Readonly<Record<string, string>> = {
  policy: "change who may do what, and so everything",
  library: "replace your published functions, and so do everything that they can",
  inbox: "answer what asks in your inbox",
  log: "read your log",
};

/** What a capability lets somebody do. */
function deed(capability: string): string {
  const at = capability.indexOf(":");
  const [kind, what] = at < 0 ? [capability, ""] : [capability.slice(0, at), capability.slice(at + 1)];
  if (kind === "read") return `read ${documents(what)}`;
  if (kind === "write") return `write and delete ${documents(what)}`;
  if (kind === "call") return what === "*" ? "call every function that you publish" : `call ${what}`;
  if (kind === "emit") return `tell those who subscribe to ${topic(what)}`;
  if (kind === "subscribe") return `be told of ${topic(what)}`;
  return TOOLS[capability] ?? capability;
}

function documents(glob: string): string {
  if (glob === "**") return "everything";
  if (glob.endsWith("/**")) return `everything below ${glob.slice(0, -3)}`;
  return glob.includes("*") ? `what is named like ${glob}` : glob;
}

function topic(glob: string): string {
  return glob === "**" ? "every topic" : glob;
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
