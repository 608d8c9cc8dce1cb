import { createInterface } from "node:readline/promises";
import { WireError } from "../protocol/errors.ts";
import { type Flags, looseValue, parseJson } from "./command-line.ts";
import { type CommandParts, follow, timeoutOf, withCircle } from "./session.ts";
import { readText } from "./text-input.ts";
import { UsageError } from "./usage-error.ts";

export async function play(parts: CommandParts): Promise<void> {
  const { command, terminal, interrupted } = parts;
  const [, file] = command.words;
  const code = command.flags.eval;
  if ((file === undefined) === (code === undefined)) throw new UsageError("circles play: expected FILE or -e CODE");
  const script = code ?? (await readText(file ?? ""));
  const args = argsFrom(command.flags);
  const options = { ...timeoutOf(command), signal: interrupted };
  await withCircle(parts, async (circle) => {
    terminal.result(await follow(circle.play(script, args, options), terminal));
  });
}

export async function call(parts: CommandParts): Promise<void> {
  const { command, terminal, interrupted } = parts;
  const [, name = "", ...texts] = command.words;
  const args = texts.map(looseValue);
  const options = { ...timeoutOf(command), signal: interrupted };
  await withCircle(parts, async (circle) => {
    const called = circle.play("circle[args.name](...args.args)", { name, args }, options);
    terminal.result(await follow(called, terminal));
  });
}

/** Each line is a play of its own: what one leaves in `data` the next one finds, variables it does not. */
export async function repl(parts: CommandParts): Promise<void> {
  const { command, terminal, interrupted } = parts;
  await withCircle(parts, async (circle) => {
    terminal.say(`in the circle of ${circle.publicKey}, as ${circle.caller}; Ctrl-D ends`);
    const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: "> " });
    interrupted.addEventListener("abort", () => lines.close(), { once: true });
    if (process.stdin.isTTY) lines.prompt();
    for await (const line of lines) {
      if (line.trim() !== "") {
        await follow(circle.play(line, null, timeoutOf(command)), terminal).then(
          (value) => terminal.result(value),
          (error: unknown) => {
            if (!(error instanceof WireError)) throw error;
            terminal.fail(error);
          },
        );
      }
      if (process.stdin.isTTY) lines.prompt();
    }
  });
}

function argsFrom({ arg = [], args }: Flags): unknown {
  if (args !== undefined && arg.length > 0) throw new UsageError("--args, --arg: expected one of them, got both");
  if (args !== undefined) return parseJson("--args", args);
  if (arg.length === 0) return null;
  return Object.fromEntries(
    arg.map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw new UsageError(`--arg: expected NAME=VALUE, got ${JSON.stringify(text)}`);
      return [text.slice(0, at), looseValue(text.slice(at + 1))];
    }),
  );
}
