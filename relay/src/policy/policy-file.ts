import type { ContentHash, Grant, GrantLimits, PolicyDocument, PublicKey } from "@circles/sdk/protocol";
import * as v from "valibot";
import { parseCapability } from "./capability.ts";

/** A policy has not its form; the message names the place, what was expected and what came. */
export class PolicyRefused extends TypeError {
  override name = "PolicyRefused";
}

const MOST_GRANTS = 10_000;
const MOST_GROUPS = 1_000;
const MOST_KEYS = 20_000;
const MOST_DEVICES = 10_000;
const MOST_CHARACTERS = 4 * 2 ** 20;
/** What matters for one caller goes with each of its plays to a thread. */
const MOST_CHARACTERS_PER_CALLER = 256 * 1024;
const EVERYBODY = "*";
const KEY = /^0[23][0-9a-f]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;
const GROUP_NAME = "the name of a group: a letter, then up to 63 letters, digits, - or _";
/** No object has these as ordinary members. */
const RESERVED = ["__proto__", "constructor", "prototype"];

const key = v.custom<PublicKey>(
  (value) => typeof value === "string" && KEY.test(value),
  "a public key, 66 lowercase hex characters beginning 02 or 03",
);
const contentHash = v.custom<ContentHash>(
  (value) => typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value),
  '"sha256:" and 64 lowercase hex characters',
);
const capability = v.pipe(
  v.string("a capability"),
  v.check(
    (text) => parseCapability(text) !== undefined,
    "a capability: read, write, call, emit or subscribe with : and a pattern of names, or policy, library, inbox or log",
  ),
);
const time = v.pipe(v.string("an ISO 8601 time with its zone"), v.check(isTime, "an ISO 8601 time with its zone"));
const whole = (least: number) => {
  const expected = `a whole number from ${least}`;
  return v.pipe(v.number(expected), v.safeInteger(expected), v.minValue(least, expected));
};
const members = <const T extends v.ObjectEntries>(entries: T) =>
  v.strictObject(entries, ({ expected }) =>
    expected === "never" ? "no such member" : expected === "Object" ? "an object" : "this member",
  );
/** A schema for each member of a type: one that is left out or was never there does not compile. */
type Entries<T> = { readonly [M in keyof Required<T>]: v.GenericSchema<unknown, Required<T>[M]> };
const some = <const T extends v.GenericSchema>(schema: T, least: number, most: number, what: string) =>
  v.pipe(v.array(schema, what), v.minLength(least, what), v.maxLength(most, what));

const limits = members({
  cpu_ms: v.exactOptional(whole(1)),
  wall_ms: v.exactOptional(whole(1)),
  memory_bytes: v.exactOptional(whole(65_536)),
  output_bytes: v.exactOptional(whole(0)),
  storage_bytes: v.exactOptional(whole(0)),
  plays_per_minute: v.exactOptional(whole(0)),
  in_total: v.exactOptional(members({ plays_per_minute: whole(0) })),
} satisfies Entries<GrantLimits>);

const grant = members({
  to: v.string(`a public key, the name of a group, or "${EVERYBODY}"`),
  allow: some(capability, 1, 100, "1 to 100 capabilities"),
  approval: v.exactOptional(v.literal("ask", '"ask"')),
  scripts: v.exactOptional(some(contentHash, 1, 100, "1 to 100 hashes of scripts")),
  expires: v.exactOptional(time),
  limits: v.exactOptional(limits),
} satisfies Entries<Grant>);

const groupName = v.pipe(
  v.string("a name"),
  v.check((name) => /^[A-Za-z][\w-]{0,63}$/.test(name) && !KEY.test(name), GROUP_NAME),
);

const schema = members({
  groups: v.exactOptional(
    v.record(groupName, some(key, 0, MOST_KEYS, `at most ${MOST_KEYS} keys`), "an object of groups"),
  ),
  grants: some(grant, 0, MOST_GRANTS, `an array of at most ${MOST_GRANTS} grants`),
  unsigned: v.exactOptional(v.literal("refuse", '"refuse"')),
  revoked_devices: v.exactOptional(some(key, 0, MOST_DEVICES, `an array of at most ${MOST_DEVICES} keys`)),
} satisfies Entries<PolicyDocument>) satisfies v.GenericSchema<unknown, PolicyDocument>;

/** Checks a policy, member by member. @throws {PolicyRefused} */
export function parsePolicy(value: unknown): PolicyDocument {
  checkGroups(value);
  const parsed = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (!parsed.success) throw refused(parsed.issues[0]);
  const policy = parsed.output;
  const groups = policy.groups ?? {};
  if (Object.keys(groups).length > MOST_GROUPS) throw wrong("groups", `at most ${MOST_GROUPS} groups`, "more");
  for (const [i, { to }] of policy.grants.entries()) {
    if (to === EVERYBODY || KEY.test(to) || Object.hasOwn(groups, to)) continue;
    throw wrong(`grants[${i}].to`, `a public key, a group of this policy, or "${EVERYBODY}"`, show(to));
  }
  checkSizePerCaller(policy);
  const characters = JSON.stringify(policy).length;
  if (characters > MOST_CHARACTERS) throw wrong("", `at most ${MOST_CHARACTERS} characters`, String(characters));
  return policy;
}

/** What a record of valibot lets pass: an array, and names that it leaves out without a word. */
function checkGroups(policy: unknown): void {
  const groups = typeof policy === "object" && policy !== null && "groups" in policy ? policy.groups : undefined;
  if (Array.isArray(groups)) throw wrong("groups", "an object of groups", show(groups));
  if (typeof groups !== "object" || groups === null) return;
  const reserved = RESERVED.find((name) => Object.hasOwn(groups, name));
  if (reserved !== undefined) throw wrong(`groups.${reserved}`, GROUP_NAME, show(reserved));
}

function isTime(text: string): boolean {
  if (!TIME.test(text) || Number.isNaN(Date.parse(text))) return false;
  const day = text.slice(0, 10);
  // `Date.parse` takes February 30 for March 2: a grant would last longer than anybody can have meant.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** An owner must not be able to make strangers' plays slow for everybody else on the relay. */
function checkSizePerCaller({ groups = {}, grants }: PolicyDocument): void {
  const sizes = new Map<string, number>();
  const add = (to: string, characters: number) => sizes.set(to, (sizes.get(to) ?? 0) + characters);
  for (const one of grants) add(one.to, JSON.stringify(one).length);
  for (const [name, keys] of Object.entries(groups)) {
    const characters = sizes.get(name) ?? 0;
    if (characters > 0) for (const member of new Set(keys)) add(member, characters);
  }
  const ofEverybody = sizes.get(EVERYBODY) ?? 0;
  const ofOthers = Array.from(sizes).reduce((most, [to, size]) => (to === EVERYBODY ? most : Math.max(most, size)), 0);
  if (ofEverybody + ofOthers <= MOST_CHARACTERS_PER_CALLER) return;
  const expected = `at most ${MOST_CHARACTERS_PER_CALLER} characters of grants that matter for one caller`;
  throw wrong("grants", expected, String(ofEverybody + ofOthers));
}

function refused(issue: v.BaseIssue<unknown>): PolicyRefused {
  const path = (issue.path ?? []).map(({ key: at }) => step(at)).join("");
  return wrong(path.replace(/^\./, ""), issue.message, show(issue.input));
}

/** Members may have names of any length and kind. */
function step(at: unknown): string {
  if (typeof at === "number") return `[${at}]`;
  const name = String(at);
  return /^[\w-]{1,80}$/.test(name) ? `.${name}` : `[${show(name)}]`;
}

function wrong(path: string, expected: string, came: string): PolicyRefused {
  return new PolicyRefused(`policy: ${path === "" ? "" : `${path}: `}expected ${expected}, got ${came}`);
}

function show(value: unknown): string {
  if (typeof value === "string") return value.length <= 80 ? JSON.stringify(value) : `${value.length} characters`;
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value)) return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : "an object";
}
