import type { Circle } from "../circle.ts";
import type { LogRecord } from "../protocol/log.ts";
import { parseJson, parseWhole } from "./command-line.ts";
import { type CommandParts, withCircle } from "./session.ts";
import { oneLine } from "./terminal.ts";
import { readStandardInput } from "./text-input.ts";

const PAGE = 500;
const POLL_MS = 2_000;

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

export async function showLog(parts: CommandParts): Promise<void> {
  const { command, terminal, interrupted } = parts;
  const { after, follow } = command.flags;
  let last = after === undefined ? 0 : parseWhole("--after", after, 0, Number.MAX_SAFE_INTEGER);
  await withCircle(parts, async (circle) => {
    for (;;) {
      last = await showRecords(circle, terminal, last);
      if (!follow || interrupted.aborted) return;
      await pause(POLL_MS, interrupted);
      if (interrupted.aborted) return;
    }
  });
}

/** Reading is a play, and a record: those of this very reading are left out, or it would never end. */
async function showRecords(circle: Circle, terminal: CommandParts["terminal"], after: number): Promise<number> {
  let last = after;
  for await (const record of circle.log.records({ after })) {
    last = record.seq;
    if (!isReading(record, circle)) terminal.item(record, lineOf(record));
  }
  return last;
}

function isReading(record: LogRecord, { caller }: Circle): boolean {
  return record.kind === "play" && record.caller === caller && record.script === READING;
}

/** Of "log.read(args)". */
const READING = "sha256:cd134b5f8013694f5590323bd7315afb6671f9d9fef3038c2fc2255341fd5b14";

function lineOf(record: LogRecord): string {
  const begin = `${String(record.seq).padStart(6)}  ${record.at}  `;
  if (record.kind === "denials") {
    const all = record.denials.map(({ caller, capability, plays }) => `${short(caller)} ${capability} ×${plays}`);
    return `${begin}denied: ${oneLine(all.join(", "))}`;
  }
  if (record.kind !== "play") return `${begin}${record.kind}`;
  const { status, caller, writes } = record;
  const what =
    status === "completed"
      ? record.output.slice(0, 60)
      : status === "waiting"
        ? `asks for ${record.capability}`
        : record.failure.message;
  return `${begin}${status.padEnd(9)}  ${short(caller)}  ${oneLine(what)}${writes.length > 0 ? `  → ${writes.join(", ")}` : ""}`;
}

function short(key: string): string {
  return `${key.slice(0, 8)}…`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
