import { parseArgs } from "node:util";
import { canonicalPublicKey } from "@circles/sdk/keys";
import type { LogHead, PublicKey } from "@circles/sdk/protocol";
import { UsageError } from "./option-values.ts";

/** Something to be done with circles on disk, without a relay. */
export type CircleCommand = { readonly dbPath: string } & (
  | { readonly do: "verify"; readonly circle: PublicKey | undefined; readonly head: LogHead | undefined }
  | { readonly do: "export"; readonly circle: PublicKey; readonly file: string }
  | { readonly do: "import"; readonly file: string }
  | { readonly do: "delete"; readonly circle: PublicKey; readonly yes: boolean }
);

const NAMES = ["verify", "export", "import", "delete"] as const;

export function isCircleCommand(name: string | undefined): boolean {
  return NAMES.some((known) => known === name);
}

/** @throws {UsageError} with a sentence that names what was expected and what came. */
export function parseCircleCommand(
  [name = "", ...argv]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CircleCommand {
  const { values, positionals } = parse(name, argv);
  const dbPath = values["db-path"] ?? env.CIRCLES_DB_PATH ?? "./circles-data";
  const [first, second] = positionals;
  switch (name) {
    case "verify": {
      if (values.head !== undefined && first === undefined) {
        throw new UsageError("verify: --head: expected the circle with it, for a head is one circle's");
      }
      const circle = first === undefined ? undefined : parseCircle(first);
      return { do: "verify", dbPath, circle, head: parseHead(values.head) };
    }
    case "export":
      if (second === undefined) throw new UsageError("export: expected a circle and a file to write");
      return { do: "export", dbPath, circle: parseCircle(first), file: second };
    case "import":
      if (first === undefined) throw new UsageError("import: expected a file that export wrote");
      return { do: "import", dbPath, file: first };
    default:
      return { do: "delete", dbPath, circle: parseCircle(first), yes: values.yes ?? false };
  }
}

/** What each takes beside `--db-path`. */
const TAKES: Readonly<Record<string, { most: number; flags: readonly ("head" | "yes")[] }>> = {
  verify: { most: 1, flags: ["head"] },
  export: { most: 2, flags: [] },
  import: { most: 1, flags: [] },
  delete: { most: 1, flags: ["yes"] },
};
const FLAGS = { "db-path": { type: "string" }, head: { type: "string" }, yes: { type: "boolean" } } as const;

function parse(name: string, args: readonly string[]) {
  const { most, flags } = TAKES[name] ?? { most: 0, flags: [] };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: FLAGS,
      strict: true,
      allowPositionals: true,
    });
    if (positionals.length > most) throw new TypeError(`expected at most ${most} arguments, got ${positionals.length}`);
    for (const flag of ["head", "yes"] as const) {
      if (values[flag] !== undefined && !flags.includes(flag)) throw new TypeError(`--${flag} means nothing here`);
    }
    return { values, positionals };
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function parseCircle(text: string | undefined): PublicKey {
  try {
    return canonicalPublicKey(text ?? "");
  } catch (error) {
    throw new UsageError(`circle: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseHead(text: string | undefined): LogHead | undefined {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  throw new UsageError(`--head: expected a number, ":" and 64 hex characters, got ${JSON.stringify(text)}`);
}
