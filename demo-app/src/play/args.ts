/** The arguments that somebody typed. @throws {SyntaxError} that says where they are no JSON. */
export function parseArgs(text: string): unknown {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`arguments: expected JSON, for example {"name": "Bob"}: ${why}`, { cause: error });
  }
}
