import type { CheckpointEntry, Content, Write } from "./record.ts";
import type { TaskMemory } from "./task-memory.ts";
import type { LoggedTaskTable } from "./task-table.ts";

/** Where a checkpoint gets the circle's state. Asked while plays are committed, and answers with what there is now. */
export type CheckpointState = {
  /** Paths of all files, sorted. */
  readonly paths: () => Iterable<string>;
  /** What the file holds by the records that were appended, and none that is still being appended; `undefined` if it is gone. */
  readonly read: (path: string) => Content | undefined;
  readonly tasks: Pick<TaskMemory, "salt" | "logged">;
};

const MOST_CHARACTERS_PER_PART = 2 ** 20;
/** Each is a file to read while everybody waits. */
const MOST_FILES_PER_PART = 256;

/**
 * The parts of a checkpoint. Each is made when it is asked for, and to be appended before anything else is: so it says
 * what is true at its place in the log. The last is marked, and is there even if there is nothing to say. Each has the salt of
 * the tasks: whoever reads must know it before the first of them.
 */
export function* checkpointParts({ paths, read, tasks }: CheckpointState): Generator<CheckpointEntry, void, void> {
  const { salt } = tasks;
  let part = 1;
  let writes: Write[] = [];
  let characters = 0;
  let files = 0;
  for (const path of paths()) {
    const content = read(path);
    files += 1;
    if (content) writes.push({ path, content }); // else it was deleted since; if it comes back, a play's record says so
    if (content) characters += charactersOf(content);
    if (characters < MOST_CHARACTERS_PER_PART && files < MOST_FILES_PER_PART) continue;
    yield { checkpoint: { part, last: false }, writes, tasks: { salt, tables: [] } };
    part += 1;
    writes = [];
    characters = 0;
    files = 0;
  }
  let tables: LoggedTaskTable[] = [];
  for (const table of tasks.logged()) {
    tables.push(table);
    characters += table.slots.length;
    if (characters < MOST_CHARACTERS_PER_PART) continue;
    yield { checkpoint: { part, last: false }, writes, tasks: { salt, tables } };
    part += 1;
    writes = [];
    tables = [];
    characters = 0;
  }
  yield { checkpoint: { part, last: true }, writes, tasks: { salt, tables } };
}

/** Does this line, as `makeLine` makes it, end a checkpoint? */
export function endsCheckpoint(line: string): boolean {
  return LAST_PART.test(line);
}

const LAST_PART = /^\{"seq":\d+,"prev":"[0-9a-f]{64}","at":"[^"]*","checkpoint":\{"part":\d+,"last":true\}/;

function charactersOf(content: Content): number {
  if ("json" in content) return content.json.length;
  return "text" in content ? content.text.length : content.base64.length;
}
