import type { Thrown } from "./thrown.ts";

/** The name under which a script's source is evaluated. */
export const SCRIPT_NAME = "script";
/** The name under which a circle's library is. */
export const LIBRARY_NAME = "library";

const FRAME = /^(\s*at .*?\(?)(script|library):(\d+):(\d+)(\)?)$/;

type Evaluated = {
  readonly name: typeof SCRIPT_NAME | typeof LIBRARY_NAME;
  readonly source: string;
  /** Put before the source, on its first line. */
  readonly columnsBefore?: number;
};

/**
 * Makes a stack speak of the source that was sent: frames of the engine and the prelude are left out, and columns of the
 * first line are moved back by what was put before it. Adds the line and column of the uppermost frame. Where the engine
 * names the token after an expression, that may be one put behind the source: it becomes the source's end.
 */
export function locate(thrown: Thrown, { name: file, source, columnsBefore = 0 }: Evaluated): Thrown {
  const lines = source.split("\n");
  const frames: string[] = [];
  let position: { line: number; column: number } | undefined;
  for (const frame of (thrown.stack ?? "").split("\n")) {
    const match = FRAME.exec(frame);
    if (match?.[2] !== file) continue;
    const behind = Number(match[3]) > lines.length;
    const line = behind ? lines.length : Number(match[3]);
    const column = behind ? (lines.at(-1) ?? "").length + 1 : Number(match[4]) - (line === 1 ? columnsBefore : 0);
    if (line === 1 && column < 1) continue; // in what was put before
    position ??= { line, column };
    frames.push(`${match[1]}${file}:${line}:${column}${match[5]}`);
  }
  const { name, message } = thrown;
  return { ...thrown, stack: [`${name}: ${message}`, ...frames].join("\n"), ...position };
}
