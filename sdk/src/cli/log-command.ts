import type { Circle } from "../circle.ts";
import { checkLog } from "../log/check-log.ts";
import type { LogRecord } from "../protocol/log.ts";
import { parseWhole } from "./command-line.ts";
import { type CommandParts, withCircle } from "./session.ts";
import { oneLine } from "./terminal.ts";

/** Shows a circle's log; with `--follow` its lines as they are written, each of which is checked. Answers whether all was well. */
export async function showLog(parts: CommandParts): Promise<boolean> {
  const { command, terminal } = parts;
  const { after, follow } = command.flags;
  const first = after === undefined ? 0 : parseWhole("--after", after, 0, Number.MAX_SAFE_INTEGER);
  return withCircle(parts, async (circle) => {
    if (follow) return followLog(parts, circle, first);
    for await (const record of circle.log.records({ after: first })) {
      if (!isReading(record, circle)) terminal.item(record, lineOf(record));
    }
    return true;
  });
}

async function followLog({ terminal, interrupted }: CommandParts, circle: Circle, after: number): Promise<boolean> {
  let isWhole = true;
  try {
    const lines = circle.log.lines({ after, signal: interrupted });
    for await (const { record, fault } of checkLog(lines, { circle: circle.publicKey })) {
      if (fault !== undefined || !isReading(record, circle)) terminal.item(record, lineOf(record));
      if (fault === undefined) continue;
      isWhole = false;
      terminal.fail({ message: `log: ${fault}` });
    }
  } catch (error) {
    if (!interrupted.aborted) throw error;
  }
  return isWhole;
}

/** Reading pages of a log is a play, and a record, which nobody who reads it wants to see. */
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
