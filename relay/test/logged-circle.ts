import type { CheckpointState } from "../src/namespace/checkpoint.ts";
import { CircleLog, type LogOptions } from "../src/namespace/log.ts";
import type { Content, Record } from "../src/namespace/record.ts";
import { TaskMemory } from "../src/namespace/task-memory.ts";
import { entryOf } from "./entries.ts";

/** Where the files of these tests lie: paths are named from here. */
const DATA = "data/";

/** What a log says: the texts of files by their paths, and the tasks. */
export class LoggedState {
  readonly files = new Map<string, string>();
  readonly tasks = new TaskMemory();

  readonly add = (record: Record): void => {
    if ("task" in record) this.tasks.remember(record, record);
    if ("tasks" in record) this.tasks.load(record.tasks);
    if (!("writes" in record)) return;
    for (const { path, content } of record.writes) {
      const name = path.slice(DATA.length);
      if (content) this.files.set(name, textOf(content));
      else this.files.delete(name);
    }
  };

  get checkpoint(): CheckpointState {
    return {
      paths: () => Array.from(this.files.keys(), (name) => `${DATA}${name}`).toSorted(),
      read: (path) => {
        const text = this.files.get(path.slice(DATA.length));
        return text === undefined ? undefined : { text };
      },
      tasks: this.tasks,
    };
  }
}

/** A circle as far as its log goes. */
export class LoggedCircle {
  readonly log: CircleLog;
  readonly state: LoggedState;
  #plays = 0;

  private constructor(log: CircleLog, state: LoggedState) {
    this.log = log;
    this.state = state;
  }

  static async create(options: LogOptions): Promise<LoggedCircle> {
    return new LoggedCircle(await CircleLog.create(options), new LoggedState());
  }

  static async open(options: LogOptions): Promise<LoggedCircle | undefined> {
    const state = new LoggedState();
    const log = await CircleLog.open(options, state.add);
    return log && new LoggedCircle(log, state);
  }

  get files(): { [path: string]: string } {
    return Object.fromEntries(this.state.files);
  }

  /** A play that sets a file, or deletes it, and has the id `{text}-{number}`. */
  async play(path: string, text: string | null, { durable } = { durable: true }): Promise<void> {
    this.#plays += 1;
    const writes = [{ path: `${DATA}${path}`, content: text === null ? null : { text } }];
    const entry = entryOf({ id: `${text}-${this.#plays}`, writes });
    const { head } = await this.log.append(entry, { durable });
    for (let i = 0; i < 10; i++) await Promise.resolve(); // who appends may hear of it through several promises
    this.state.add({ ...entry, ...head, prev: "", at: "" });
  }

  checkpoint(changed: Partial<CheckpointState> = {}): Promise<boolean> {
    return this.log.writeCheckpoint({ ...this.state.checkpoint, ...changed });
  }
}

/** What opening a log finds. */
export async function openedState(options: LogOptions) {
  const opened = await LoggedCircle.open(options);
  await opened?.log.close();
  return { files: opened?.files ?? {}, head: opened?.log.head };
}

function textOf(content: Content): string {
  if ("text" in content) return content.text;
  throw new TypeError("test: expected a text");
}
