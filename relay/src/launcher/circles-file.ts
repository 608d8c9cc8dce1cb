import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { canonicalPublicKey } from "@circles/sdk/keys";
import type { PublicKey } from "@circles/sdk/protocol";
import * as v from "valibot";

/** A circle that the launcher is to run. Paths are absolute. */
export type CircleEntry = {
  readonly name: string;
  readonly port: number;
  /** The circle's library. */
  readonly scriptPath: string;
  readonly host: string;
  readonly policyPath: string | undefined;
  readonly secretKeyFile: string | undefined;
  readonly publicKey: PublicKey | undefined;
};

/** The file makes no sense; the message names the entry by its index, the field, what was expected and what came. */
export class CirclesFileRefused extends Error {
  override name = "CirclesFileRefused";
}

const text = (what: string) =>
  v.pipe(
    v.string(what),
    v.check((value) => value.trim() !== "", what),
  );
const publicKey = v.custom<string>((value) => {
  try {
    return typeof value === "string" && canonicalPublicKey(value) !== undefined;
  } catch {
    return false;
  }
}, "a public key of secp256k1 in hex");

const NAME = "a name of 1 to 64 letters, digits, spaces, - or _";
const PORT = "a port from 1 to 65535";
const entry = v.strictObject(
  {
    name: v.pipe(v.string(NAME), v.regex(/^[\p{L}\p{N}][\p{L}\p{N} _-]{0,63}$/u, NAME)),
    port: v.pipe(v.number(PORT), v.integer(PORT), v.minValue(1, PORT), v.maxValue(65_535, PORT)),
    script_path: text("the path of the circle's library"),
    host: v.exactOptional(text("an address to listen on")),
    policy_path: v.exactOptional(text("the path of the circle's policy")),
    secret_key_file: v.exactOptional(text("the path of the circle's secret key")),
    public_key: v.exactOptional(publicKey),
  },
  ({ expected }) => (expected === "never" ? "no such field" : expected === "Object" ? "an object" : "this field"),
);
const schema = v.array(entry, "an array of circles");

/** Reads `circles.json`; paths in it are relative to where it lies. @throws {CirclesFileRefused} */
export async function readCirclesFile(path: string): Promise<readonly CircleEntry[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new CirclesFileRefused(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseCircles(parsed, { folder: dirname(resolve(path)) });
}

/** @throws {CirclesFileRefused} */
export function parseCircles(value: unknown, { folder }: { folder: string }): readonly CircleEntry[] {
  const checked = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (!checked.success) throw refused(checked.issues[0]);
  const at = (path: string) => resolve(folder, path);
  const entries = checked.output.map(
    (one): CircleEntry => ({
      name: one.name,
      port: one.port,
      host: one.host ?? "127.0.0.1",
      scriptPath: at(one.script_path),
      policyPath: one.policy_path === undefined ? undefined : at(one.policy_path),
      secretKeyFile: one.secret_key_file === undefined ? undefined : at(one.secret_key_file),
      publicKey: one.public_key === undefined ? undefined : canonicalPublicKey(one.public_key),
    }),
  );
  checkUnique(entries, "name", ({ name }) => name);
  checkUnique(entries, "port", ({ port }) => String(port));
  return entries;
}

function checkUnique(entries: readonly CircleEntry[], field: string, pick: (entry: CircleEntry) => string): void {
  const seen = new Map<string, number>();
  for (const [i, one] of entries.entries()) {
    const before = seen.get(pick(one));
    if (before !== undefined) {
      throw new CirclesFileRefused(
        `[${i}].${field}: expected another than [${before}] has, got ${JSON.stringify(pick(one))}`,
      );
    }
    seen.set(pick(one), i);
  }
}

function refused(issue: v.BaseIssue<unknown>): CirclesFileRefused {
  const steps = (issue.path ?? []).map(({ key }) =>
    typeof key === "number" ? `[${key}]` : `.${String(key).slice(0, 80)}`,
  );
  const came = issue.input === undefined ? "nothing" : (JSON.stringify(issue.input) ?? typeof issue.input).slice(0, 80);
  return new CirclesFileRefused(`${steps.join("") || "circles"}: expected ${issue.message}, got ${came}`);
}
