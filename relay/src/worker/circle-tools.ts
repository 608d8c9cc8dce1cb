import { type Grant, type InboxEntry, visibleText } from "@circles/sdk/protocol";
import { grantThatAsks } from "../policy/asking-grant.ts";
import { RefusedName, type ToolFiles, type Tools } from "../sandbox/sandbox.ts";
import { type AskingPlay, inboxPath, isExpired, parseAskingPlay } from "./asking-play.ts";
import { LIBRARY_PATH, POLICY_PATH } from "./circle-paths.ts";
import { checkPolicy } from "./policy-check.ts";
import { readPolicy, writePolicy } from "./policy-text.ts";
import type { Question } from "./questions.ts";

/** Texts of one answer of `inbox.list`, in UTF-16 units; at least one entry is answered. */
const MOST_LISTED_CHARACTERS = 128 * 1024;
const MOST_LISTED = 100;
const MOST_REASON_CHARACTERS = 500;

/** The owner's tools and `events.read`, as a script has them (DESIGN §3). They read and write the circle's files like any play does. */
export function circleTools(ask: (question: Question) => unknown): Tools {
  return {
    call(operation, args, files) {
      switch (operation) {
        case "policy.get":
          return readPolicy(files.readText(POLICY_PATH));
        case "policy.set":
          files.write(POLICY_PATH, { text: writePolicy(args[0]) });
          return undefined;
        case "policy.check":
          return checkPolicy(files, args[0], args[1]);
        case "library.get":
          return files.readText(LIBRARY_PATH);
        case "inbox.list":
          return listInbox(files, members("inbox.list", args[0]));
        case "inbox.allow":
          allow(files, text("inbox.allow", args[0]));
          return undefined;
        case "policy.allow":
          return allowAlways(files, text("inbox.allow", args[0]));
        case "inbox.deny":
          deny(files, text("inbox.deny", args[0]), args[1]);
          return undefined;
        case "log.read":
          return ask({ ask: "log", ...logOptions(members("log.read", args[0])) });
        case "log.storage":
          return ask({ ask: "storage" });
        case "events.read":
          return ask({ ask: "events", ...eventsQuery(args[0], members("events.read", args[1])) });
        default:
          throw new RefusedName(`${operation}: there is no such tool`);
      }
    },
  };
}

function listInbox(files: ToolFiles, { after, limit }: { after?: unknown; limit?: unknown }): InboxEntry[] {
  const last = after === undefined ? undefined : text("inbox.list: after", after);
  const most = limit === undefined ? MOST_LISTED : whole("inbox.list: limit", limit, 1, MOST_LISTED);
  const ids = files.list({ kind: "inbox", prefix: "", start: last, limit: most + 1 }).filter((id) => id !== last);
  const entries: InboxEntry[] = [];
  let characters = 0;
  for (const id of ids.slice(0, most)) {
    const entry = findEntry(files, id);
    if (!entry) continue;
    characters += entry.script.length + entry.args.length;
    if (entries.length > 0 && characters > MOST_LISTED_CHARACTERS) break;
    entries.push({
      id,
      task: entry.task,
      caller: entry.caller,
      ...(entry.device === undefined ? {} : { device: entry.device }),
      script: visibleText(entry.script),
      script_hash: `sha256:${entry.script_hash}`,
      args: visibleText(entry.args),
      capability: visibleText(entry.capability),
      asked_at: entry.asked_at,
      expires_at: entry.expires_at,
      state: entry.state,
    });
  }
  return entries;
}

/** "Once": this caller, script, arguments and capability. */
function allow(files: ToolFiles, id: string): AskingPlay {
  const entry = waitingEntry(files, id);
  put(files, id, { ...entry, state: "allowed", allowed: [...entry.allowed, entry.capability] });
  return entry;
}

/** "Always": this caller, script and capability, with whatever arguments. */
function allowAlways(files: ToolFiles, id: string): { note: string } {
  const { caller, script_hash, capability } = allow(files, id);
  const policy = readPolicy(files.readText(POLICY_PATH));
  const asking = grantThatAsks(policy, { caller, script: script_hash, capability });
  if (!asking) throw new RefusedName(`inbox.allow: expected a grant that asks for ${capability}, got a policy without`);
  const { limits, expires } = asking; // what is allowed for good is no more than what was asked under
  const grant: Grant = {
    to: caller,
    allow: [capability],
    scripts: [`sha256:${script_hash}`],
    ...(limits ? { limits } : {}),
    ...(expires === undefined ? {} : { expires }),
  };
  files.write(POLICY_PATH, { text: writePolicy({ ...policy, grants: [...policy.grants, grant] }) });
  return { note: "this caller may play this script with this capability from now on, whatever its arguments" };
}

function deny(files: ToolFiles, id: string, reason: unknown): void {
  const entry = waitingEntry(files, id);
  const said = reason === undefined ? "" : text("inbox.deny: reason", reason);
  if (said.length > MOST_REASON_CHARACTERS) {
    throw new RefusedName(
      `inbox.deny: reason: expected at most ${MOST_REASON_CHARACTERS} characters, got ${said.length}`,
    );
  }
  put(files, id, { ...entry, state: "denied", ...(said ? { reason: said } : {}) });
}

function waitingEntry(files: ToolFiles, id: string): AskingPlay {
  const entry = findEntry(files, id);
  if (entry?.state === "waiting" && !isExpired(entry)) return entry;
  throw new RefusedName(
    `inbox: expected the id of a play that waits, got one that ${entry ? "no longer does" : "is unknown"}`,
  );
}

function findEntry(files: ToolFiles, id: string): AskingPlay | undefined {
  if (!/^[0-9a-f]{32}$/.test(id)) throw new RefusedName("inbox: expected an id of 32 hex characters, got another text");
  const json = files.readText(inboxPath(id));
  return json === undefined ? undefined : parseAskingPlay(json);
}

function put(files: ToolFiles, id: string, entry: AskingPlay): void {
  files.write(inboxPath(id), { json: JSON.stringify(entry) });
}

function logOptions({ after, limit, caller }: { after?: unknown; limit?: unknown; caller?: unknown }) {
  return {
    after: after === undefined ? 0 : whole("log.read: after", after, 0, Number.MAX_SAFE_INTEGER),
    limit: limit === undefined ? 100 : whole("log.read: limit", limit, 1, 1_000),
    ...(caller === undefined ? {} : { caller: text("log.read: caller", caller) }),
  };
}

function eventsQuery(topic: unknown, { after, limit }: { after?: unknown; limit?: unknown }) {
  return {
    topic: text("events.read: topic", topic),
    after: after === undefined ? 0 : whole("events.read: after", after, 0, Number.MAX_SAFE_INTEGER),
    limit: limit === undefined ? 100 : whole("events.read: limit", limit, 1, 1_000),
  };
}

function members(what: string, value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RefusedName(`${what}: expected an object of options, got ${typeof value}`);
}

function text(what: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new RefusedName(`${what}: expected a string, got ${value === null ? "null" : typeof value}`);
}

function whole(what: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new RefusedName(`${what}: expected a whole number from ${least} to ${most}, got another value`);
}
