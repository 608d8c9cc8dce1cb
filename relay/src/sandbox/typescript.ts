import type { ScriptResult } from "./sandbox.ts";
import { SCRIPT_NAME } from "./stack-trace.ts";
import type { TypeStripper } from "./type-stripper.ts";

/** What to do with a script that is no JavaScript: run this one instead, or take this as its result. */
export type Compiled = { readonly script: string } | { readonly result: ScriptResult };

/**
 * Takes a script that did not compile as JavaScript for TypeScript. JavaScript pays nothing for this, and means what it
 * says. `result` is how it failed.
 */
export async function compileAsTypeScript(
  stripper: TypeStripper,
  { script, stripped: wasStripped }: { readonly script: string; readonly stripped: boolean },
  result: ScriptResult,
): Promise<Compiled> {
  if (wasStripped || result.end.kind !== "thrown") return { result };
  const stripped = await stripper.strip(script);
  if (!stripped) return { result: { ...result, killed: true } };
  if (stripped.kind === "stripped") return stripped.script === script ? { result } : { script: stripped.script };
  const { syntax, line, column } = stripped;
  const message = `${syntax}: this TypeScript is more than types and cannot be played as JavaScript`;
  const stack = `SyntaxError: ${message}\n    at ${SCRIPT_NAME}:${line}:${column}`;
  return { result: { ...result, end: { ...result.end, name: "SyntaxError", message, stack, line, column } } };
}
