/** The command line or the environment makes no sense; the message is for whoever typed it. */
export class UsageError extends Error {
  override name = "UsageError";
}

export function parseWhole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`);
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
