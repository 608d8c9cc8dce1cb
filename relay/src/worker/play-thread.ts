import { NameRefused } from "../namespace/names.ts";
import { DocumentSnapshot, type SnapshotSource } from "../namespace/snapshot.ts";
import { serveSandbox } from "../sandbox/quickjs-thread.ts";
import { RefusedName, type Snapshot } from "../sandbox/sandbox.ts";

/** A sandbox thread that reads the documents of circles where they lie. */
serveSandbox((source: SnapshotSource): Snapshot => {
  const documents = new DocumentSnapshot(source);
  return {
    checkName: (name) => telling(() => documents.checkName(name)),
    read: (name) => telling(() => documents.read(name)),
    list: (prefix) => telling(() => documents.list(prefix)),
  };
});

/** What the namespace refuses, the script is told. */
function telling<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof NameRefused) throw new RefusedName(error.message);
    throw error;
  }
}
