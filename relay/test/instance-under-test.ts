import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type InstancePlay, QuickjsInstance } from "../src/sandbox/quickjs-instance.ts";
import {
  type Authority,
  type Content,
  DEFAULT_LIMITS,
  type ListOptions,
  RefusedName,
  type ScriptResult,
  type Snapshot,
  type Tools,
  type Verdict,
} from "../src/sandbox/sandbox.ts";
import type { Event } from "../src/task.ts";

export type Files = Readonly<Record<string, Content>>;

/** A snapshot of files by their paths, which keeps a note of what was read. */
export class FilesSnapshot implements Snapshot {
  readonly looked: string[] = [];
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  pathOf(kind: ListOptions["kind"], name: string): string {
    if (!name.isWellFormed() || name === "" || /\.\.|\*|^\//.test(name)) throw new RefusedName("name: refused");
    if (kind === "file" && /\.json$/i.test(name)) throw new RefusedName("name: refused");
    if (kind === "inbox") return `inbox/${name}.json`;
    return kind === "document" ? `data/${name}.json` : `data/${name}`;
  }

  readText(path: string): string | undefined {
    const content = this.#read(path);
    if (!content) return undefined;
    if ("json" in content) return content.json;
    if ("text" in content) return content.text;
    const bytes = Buffer.from(content.base64, "base64");
    const text = bytes.toString();
    if (!Buffer.from(text).equals(bytes)) throw new RefusedName("file: expected UTF-8, got other bytes");
    return text;
  }

  readBase64(path: string): string | undefined {
    const content = this.#read(path);
    if (!content) return undefined;
    if ("base64" in content) return content.base64;
    return Buffer.from("json" in content ? content.json : content.text).toString("base64");
  }

  list({ kind, prefix, start = "", limit = Number.POSITIVE_INFINITY }: ListOptions): string[] {
    this.looked.push(`list ${prefix}`);
    const folder = kind === "inbox" ? "inbox/" : "data/";
    return Object.keys(this.#files)
      .filter((path) => path.startsWith(folder) && path.endsWith(".json") === (kind !== "file"))
      .map((path) => path.slice(folder.length, kind === "file" ? undefined : -".json".length))
      .filter((name) => name.startsWith(prefix) && name >= start)
      .toSorted()
      .slice(0, limit);
  }

  #read(path: string): Content | undefined {
    this.looked.push(path);
    return Object.hasOwn(this.#files, path) ? this.#files[path] : undefined;
  }
}

/** Holds what `says` answers `true` or a verdict for; of others it says that they are missing. */
export class TestAuthority implements Authority {
  readonly initialLimits: Authority["initialLimits"];
  readonly used: string[] = [];
  readonly asked: string[] = [];
  readonly #says: (capability: string) => boolean | Verdict;

  constructor(says: (capability: string) => boolean | Verdict, initialLimits: Authority["initialLimits"] = {}) {
    this.#says = says;
    this.initialLimits = initialLimits;
  }

  check(capability: string): Verdict {
    this.asked.push(capability);
    const said = this.#says(capability);
    if (said === true) this.used.push(`grant of ${capability}`);
    if (typeof said !== "boolean") return said;
    return said ? { kind: "held" } : { kind: "missing" };
  }

  readsBelow(): Verdict {
    return { kind: this.#says("read:any") === true ? "held" : "missing" };
  }
}

/** Exactly these. */
export function holding(...capabilities: string[]): TestAuthority {
  return new TestAuthority((capability) => capabilities.includes(capability));
}

export const NO_TOOLS: Tools = {
  call(operation) {
    throw new RefusedName(`${operation}: there are no tools here`);
  },
};

export type DirectPlay = Partial<Omit<InstancePlay, "args" | "limits" | "authority" | "emit">> & {
  readonly files?: Files;
  readonly limits?: Partial<InstancePlay["limits"]>;
  readonly args?: unknown;
  /** The owner's, if left out. */
  readonly authority?: Authority | undefined;
  /** Asked each time, in place of it. */
  readonly authorities?: () => Authority | undefined;
};
export type Played = ScriptResult & { readonly events: readonly Event[]; readonly looked: readonly string[] };

export function makeInstance(): QuickjsInstance {
  const path = createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm");
  return new QuickjsInstance(new WebAssembly.Module(readFileSync(path)));
}

/** Plays on this thread, as mallory in alice's circle if nothing else is said. */
export function playIn(
  instance: QuickjsInstance,
  script: string,
  { files = {}, limits, args = null, authority, authorities = () => authority, ...rest }: DirectPlay = {},
): Played {
  const events: Event[] = [];
  const snapshot = new FilesSnapshot(files);
  const result = instance.run({
    script,
    args: JSON.stringify(args),
    caller: "mallory",
    circle: "alice",
    snapshot,
    tools: NO_TOOLS,
    cancelled: () => false,
    ...rest,
    limits: { ...DEFAULT_LIMITS, ...limits },
    authority: authorities,
    emit: (event) => events.push(event),
  });
  return { ...result, events, looked: snapshot.looked };
}

export function resultOf({ end }: ScriptResult): unknown {
  if (end.kind !== "value") throw new Error(`expected a value, got ${JSON.stringify(end)}`);
  return end.format === "text" ? end.output : (JSON.parse(end.output) as unknown);
}
