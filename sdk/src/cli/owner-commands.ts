import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Circle } from "../circle.ts";
import type { InboxEntry } from "../protocol/inbox.ts";
import type { Grant, PolicyDocument } from "../protocol/policy.ts";
import { type Flags, parseJson, parseWhole } from "./command-line.ts";
import { type CommandParts, withCircle } from "./session.ts";
import { oneLine } from "./terminal.ts";
import { readText } from "./text-input.ts";
import { UsageError } from "./usage-error.ts";

export async function getPolicy(parts: CommandParts): Promise<void> {
  const policy = await withCircle(parts, async (circle) => circle.policy.get());
  if (parts.terminal.json) parts.terminal.result(policy);
  else parts.terminal.result(JSON.stringify(policy, undefined, 2));
}

export async function editPolicy(parts: CommandParts): Promise<void> {
  await withCircle(parts, async (circle) => {
    const before = JSON.stringify(await circle.policy.get(), undefined, 2);
    const after = await edited(before, parts.env.VISUAL ?? parts.env.EDITOR ?? "vi");
    if (after.trim() === before) return parts.terminal.say("nothing was changed");
    await circle.policy.set(parseJson("policy", after) as PolicyDocument);
    parts.terminal.say("the policy was changed");
  });
}

export async function grant(parts: CommandParts): Promise<void> {
  const given = grantFrom(parts.command.flags);
  const isNew = await withCircle(parts, async (circle) => circle.policy.grant(given));
  parts.terminal.say(isNew ? "granted" : "there was an equal grant already");
}

// One play that reads and writes: what others change meanwhile is not lost.
const REVOKE = `
const before = policy.get();
const isMeant = ({ to, allow }) => to === args.to && args.allow.every((one) => allow.includes(one));
const grants = before.grants.filter((grant) => !isMeant(grant));
if (grants.length < before.grants.length) policy.set({ ...before, grants });
before.grants.length - grants.length;
`;

/** Takes away the grants to somebody; those that allow all that was named. */
export async function revoke(parts: CommandParts): Promise<void> {
  const { to, allow = [] } = parts.command.flags;
  if (to === undefined) throw new UsageError("--to: expected a public key, a group or *, got none");
  const count = await withCircle(parts, async (circle) =>
    circle.play<number>(REVOKE, { to, allow }, { lane: "control" }),
  );
  if (count === 0) throw new UsageError("policy revoke: expected a grant like this, found none");
  parts.terminal.say(`${count} ${count === 1 ? "grant" : "grants"} taken away`);
}

export async function getLibrary(parts: CommandParts): Promise<void> {
  const source = await withCircle(parts, async (circle) => circle.library.get());
  if (source === null) parts.terminal.say("no library is published");
  else parts.terminal.result(source);
}

export async function pushLibrary(parts: CommandParts): Promise<void> {
  const source = await readText(parts.command.words[1] ?? "");
  await withCircle(parts, async (circle) => circle.library.set(source));
  parts.terminal.say("the library is published");
}

export async function showInbox(parts: CommandParts): Promise<void> {
  const { command, terminal, interrupted } = parts;
  await withCircle(parts, async (circle) => {
    const notices = command.flags.follow ? circle.inbox.watch() : undefined;
    const stop = () => void notices?.return?.();
    interrupted.addEventListener("abort", stop, { once: true });
    let shown = await showEntries(circle, terminal, new Set());
    if (!notices) return;
    for await (const { id } of notices) if (!shown.has(id)) shown = await showEntries(circle, terminal, shown);
  });
}

export async function decide(parts: CommandParts, decision: "allow" | "deny"): Promise<void> {
  const { words, flags } = parts.command;
  const [, id = "", reason] = words;
  await withCircle(parts, async (circle) => {
    if (decision === "allow") await circle.inbox.allow(id, flags.always ? { always: true } : {});
    else await circle.inbox.deny(id, reason);
  });
  parts.terminal.say(decision === "allow" ? "allowed" : "denied");
}

/** Shows what was not shown; answers all that there is. Entries come in no order of time. */
async function showEntries(
  circle: Circle,
  terminal: CommandParts["terminal"],
  shown: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (let last: string | undefined; ; ) {
    const entries = await circle.inbox.list(last === undefined ? {} : { after: last });
    if (entries.length === 0) return ids;
    for (const entry of entries) {
      if (!shown.has(entry.id)) terminal.item(entry, lineOf(entry));
      ids.add(entry.id);
    }
    last = entries.at(-1)?.id;
  }
}

function lineOf({ id, caller, capability, script, args, state, expires_at }: InboxEntry): string {
  const until = new Date(expires_at * 1000).toISOString();
  return `${id}  ${state}  until ${until}\n  ${caller} asks for ${oneLine(capability)}\n  args ${args}\n${script.replace(/^/gm, "  | ")}\n`;
}

function grantFrom({ to, allow = [], ask, expires, "per-minute": perMinute }: Flags): Grant {
  if (to === undefined) throw new UsageError("--to: expected a public key, a group or *, got none");
  if (allow.length === 0) throw new UsageError("--allow: expected a capability such as call:sign_guestbook, got none");
  const rate = perMinute === undefined ? undefined : parseWhole("--per-minute", perMinute, 0, 1_000_000);
  return {
    to,
    allow,
    ...(ask ? { approval: "ask" as const } : {}),
    ...(expires === undefined ? {} : { expires }),
    ...(rate === undefined ? {} : { limits: { plays_per_minute: rate } }),
  };
}

async function edited(text: string, editor: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "circles-"));
  try {
    const path = join(folder, "policy.json");
    await writeFile(path, `${text}\n`, { mode: 0o600 });
    // An editor may be given with its own arguments, as git and others take it.
    const child = spawn("sh", ["-c", `${editor} "$1"`, "sh", path], { stdio: "inherit" });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new UsageError(`${editor}: expected it to end with 0, it ended with ${code}`);
    return await readFile(path, "utf8");
  } finally {
    await rm(folder, { recursive: true });
  }
}
