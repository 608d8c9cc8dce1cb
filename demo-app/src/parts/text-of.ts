/** A text that somebody told; of anything else, what it is. */
export function textOf(told: unknown): string {
  return typeof told === "string" ? told : JSON.stringify(told ?? null);
}
