import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathOf } from "../src/namespace/names.ts";
import type { Namespace } from "../src/namespace/namespace.ts";
import type { Write } from "../src/namespace/record.ts";
import { FileSnapshot } from "../src/namespace/snapshot.ts";
import { entryOf } from "./entries.ts";

export type Documents = Record<string, unknown>;

/** All documents that a play beginning now would see. */
export function documentsOf(namespace: Namespace): Documents {
  const snapshot = new FileSnapshot(namespace.snapshot(), (query) => namespace.list(query));
  const read = (name: string): unknown => JSON.parse(snapshot.readText(pathOf("document", name)) ?? "");
  return Object.fromEntries(snapshot.list({ kind: "document", prefix: "" }).map((name) => [name, read(name)]));
}

/** What is left of documents when a play has written; `undefined` deletes. */
export function after(documents: Documents, changes: Documents): Documents {
  return Object.fromEntries(Object.entries({ ...documents, ...changes }).filter(([, value]) => value !== undefined));
}

export function writesOf(changes: Documents): Write[] {
  return Object.entries(changes).map(([name, value]) => ({
    path: pathOf("document", name),
    content: value === undefined ? null : { json: JSON.stringify(value) },
  }));
}

/** Commits one play that makes these changes, as a worker does. */
export async function commit(namespace: Namespace, id: string, changes: Documents = {}) {
  const writes = writesOf(changes);
  namespace.takeWrites(writes);
  const { head } = await namespace.commit(entryOf({ id, writes }));
  return head;
}

/** Makes a circle's folder of one state's documents and another's log: what a crash may leave. */
export async function mixStates(to: string, { data, logs }: { data: string; logs: string }): Promise<void> {
  await mkdir(to, { recursive: true });
  await cp(join(data, "data"), join(to, "data"), { recursive: true });
  await cp(join(logs, "logs"), join(to, "logs"), { recursive: true });
}
