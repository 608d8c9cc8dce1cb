import type { ScriptEnd } from "./sandbox.ts";

/** The name under which a script's source is evaluated. */
export const SCRIPT_NAME = "script";

type Thrown = Extract<ScriptEnd, { kind: "thrown" }>;

/**
 * Makes a stack speak of the source that was sent: frames of the engine and the prelude are left out, and columns of the
 * first line are moved back by what was put before it. Adds the line and column of the uppermost frame. Where the engine
 * names the token after an expression, that may be one put behind the source: it becomes the source's end.
 */
export function locate(thrown: Thrown, source: string, columnsBefore: number): Thrown {
  const lines = source.split("\n");
  const frames: string[] = [];
  let position: { line: number; column: number } | undefined;
  for (const frame of (thrown.stack ?? "").split("\n")) {
    const match = /^(\s*at .*?\(?)script:(\d+):(\d+)(\)?)$/.exec(frame);
    if (!match) continue;
    const behind = Number(match[2]) > lines.length;
    const line = behind ? lines.length : Number(match[2]);
    const column = behind ? (lines.at(-1) ?? "").length + 1 : Number(match[3]) - (line === 1 ? columnsBefore : 0);
    if (line === 1 && column < 1) continue; // in what was put before
    position ??= { line, column };
    frames.push(`${match[1]}${SCRIPT_NAME}:${line}:${column}${match[4]}`);
  }
  const { name, message } = thrown;
  return { ...thrown, stack: [`${name}: ${message}`, ...frames].join("\n"), ...position };
}
