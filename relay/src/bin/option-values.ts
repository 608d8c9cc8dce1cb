import { type ParseArgsConfig, parseArgs } from "node:util";

/** The command line or the environment makes no sense; the message is for whoever typed it. */
export class UsageError extends Error {
  override name = "UsageError";
}

export function parseWhole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`);
}

type Flags = NonNullable<ParseArgsConfig["options"]>;
type Parsed<F extends Flags> = ReturnType<typeof parseArgs<{ options: F; strict: true; allowPositionals: false }>>;

/** @throws {UsageError} for what is no flag of these. */
export function parseFlags<const F extends Flags>(argv: readonly string[], flags: F): Parsed<F>["values"] {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.replaceAll("\n", " "), { cause: error }); // Node's has several lines
  }
}

/** What stands in a variable for an option that is repeatable. */
export function listOf(text: string | undefined, between: RegExp): readonly string[] | undefined {
  return text?.split(between).filter((part) => part !== "");
}

/** A variable that stands for a flag without a value. */
export function parseSwitch(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "" || text === "0" || text === "false") return false;
  if (text === "1" || text === "true") return true;
  throw new UsageError(`${name}: expected 1 or 0, got ${JSON.stringify(text)}`);
}

/** The variable that stands for an option. */
export function variableOf(option: string): string {
  return `CIRCLES_${option.toUpperCase().replaceAll("-", "_")}`;
}
