import { parseJson } from "./command-line.ts";
import { type CommandParts, withCircle } from "./session.ts";
import { readStandardInput } from "./text-input.ts";

const PAGE = 500;

export async function listData(parts: CommandParts): Promise<void> {
  const prefix = parts.command.words[1] ?? "";
  await withCircle(parts, async (circle) => {
    for (let start: string | undefined; ; ) {
      const names: string[] = await circle.play<string[]>(
        "data.list(args.prefix, { limit: args.limit, ...(args.start ? { start: args.start } : {}) })",
        { prefix, limit: PAGE, start: start ?? null },
      );
      const fresh = start === undefined ? names : names.slice(1);
      for (const name of fresh) parts.terminal.item({ name }, name);
      if (names.length < PAGE) return;
      start = names.at(-1);
    }
  });
}

export async function getData(parts: CommandParts): Promise<boolean> {
  const [, name = ""] = parts.command.words;
  const found = await withCircle(parts, async (circle) =>
    circle.play<{ value?: unknown } | null>(
      "const value = data.get(args); value === undefined ? null : { value }",
      name,
    ),
  );
  if (!found) {
    parts.terminal.fail({ message: `${name}: there is no such document` });
    return false;
  }
  const { value } = found;
  parts.terminal.result(parts.terminal.json ? value : JSON.stringify(value, undefined, 2));
  return true;
}

export async function setData(parts: CommandParts): Promise<void> {
  const [, name = "", text = ""] = parts.command.words;
  const value = parseJson("JSON", text === "-" ? await readStandardInput() : text);
  await withCircle(parts, async (circle) => circle.play("data.set(args.name, args.value)", { name, value }));
}

export async function removeData(parts: CommandParts): Promise<boolean> {
  const [, name = ""] = parts.command.words;
  const was = await withCircle(parts, async (circle) => circle.play<boolean>("data.delete(args)", name));
  if (!was) parts.terminal.fail({ message: `${name}: there is no such document` });
  return was;
}
