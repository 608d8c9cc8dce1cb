import type { RunOptions, Sandbox, SandboxPlay, ScriptResult } from "./sandbox.ts";
import { SCRIPT_NAME } from "./stack-trace.ts";
import type { TypeStripper } from "./type-stripper.ts";

/** UTF-16 units of scripts whose stripped form is kept. */
const MOST_KEPT_CHARACTERS = 4 * 2 ** 20;

/**
 * A sandbox that also takes TypeScript. A script is JavaScript if it compiles as such; only one that does not has its
 * types taken out and is tried again, so JavaScript pays nothing and means what it says.
 */
export class TypeScriptSandbox<Source> implements Sandbox<Source> {
  readonly #sandbox: Sandbox<Source>;
  readonly #stripper: TypeStripper;
  /** Least recently used first. */
  readonly #kept = new Map<string, string>();
  #keptCharacters = 0;

  constructor(sandbox: Sandbox<Source>, stripper: TypeStripper) {
    this.#sandbox = sandbox;
    this.#stripper = stripper;
  }

  async run(play: SandboxPlay<Source>, options?: RunOptions): Promise<ScriptResult> {
    const known = this.#recall(play.script);
    if (known !== undefined) return this.#sandbox.run({ ...play, script: known }, options);
    const result = await this.#sandbox.run(play, options);
    if (result.end.kind !== "thrown" || !result.end.compiling) return result;
    const stripped = await this.#stripper.strip(play.script);
    if (!stripped) return result;
    if (stripped.kind === "unsupported") {
      const { syntax, line, column } = stripped;
      const message = `${syntax}: this TypeScript is more than types and cannot be played as JavaScript`;
      const stack = `SyntaxError: ${message}\n    at ${SCRIPT_NAME}:${line}:${column}`;
      return { ...result, end: { ...result.end, name: "SyntaxError", message, stack, line, column } };
    }
    if (stripped.script === play.script) return result;
    const second = await this.#sandbox.run({ ...play, script: stripped.script }, options);
    if (second.end.kind !== "thrown" || !second.end.compiling) this.#keep(play.script, stripped.script);
    return second;
  }

  async close(): Promise<void> {
    await Promise.all([this.#sandbox.close(), this.#stripper.close()]);
  }

  #recall(script: string): string | undefined {
    const known = this.#kept.get(script);
    if (known === undefined) return undefined;
    this.#kept.delete(script);
    this.#kept.set(script, known);
    return known;
  }

  #keep(script: string, stripped: string): void {
    if (this.#kept.has(script)) return; // the same script was played twice at once
    this.#kept.set(script, stripped);
    this.#keptCharacters += 2 * script.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#keptCharacters <= MOST_KEPT_CHARACTERS) return;
      this.#kept.delete(oldest);
      this.#keptCharacters -= 2 * oldest.length;
    }
  }
}
