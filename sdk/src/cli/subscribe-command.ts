import type { CircleEvent } from "../topic-stream.ts";
import { parseWhole } from "./command-line.ts";
import { type CommandParts, withCircle } from "./session.ts";
import { oneLine } from "./terminal.ts";

/** Shows what plays emit to a topic, until whoever typed has enough. */
export async function subscribe(parts: CommandParts): Promise<void> {
  const { command, terminal, interrupted } = parts;
  const [, topic = ""] = command.words;
  const { after } = command.flags;
  const from = after === undefined ? {} : { after: parseWhole("--after", after, 0, Number.MAX_SAFE_INTEGER) };
  const onGap = () => {
    if (terminal.json) terminal.item({ gap: true }, "");
    else terminal.say("what comes first is not all: the log does not go back so far");
  };
  await withCircle(parts, async (circle) => {
    const events = circle.subscribe(topic, { ...from, onGap });
    interrupted.addEventListener("abort", () => void events.return?.(), { once: true });
    for await (const event of events) terminal.item(event, lineOf(event));
  });
}

function lineOf({ id, data }: CircleEvent): string {
  return `${String(id).padStart(8)}  ${oneLine(typeof data === "string" ? data : JSON.stringify(data))}`;
}
