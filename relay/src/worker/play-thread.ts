import { NameRefused } from "../namespace/names.ts";
import { FileSnapshot, type SnapshotSource } from "../namespace/snapshot.ts";
import { openAuthority } from "../policy/authority.ts";
import { serveSandbox } from "../sandbox/quickjs-thread.ts";
import { RefusedName, type Snapshot } from "../sandbox/sandbox.ts";
import { circleTools } from "./circle-tools.ts";
import type { Question } from "./questions.ts";

/** A sandbox thread that reads the files of circles where they lie. */
serveSandbox({
  openSnapshot: (source: SnapshotSource, ask): Snapshot => {
    const files = new FileSnapshot(source, (options) => ask({ ask: "list", options } satisfies Question) as string[]);
    return {
      pathOf: (kind, name) => telling(() => files.pathOf(kind, name)),
      readText: (path) => telling(() => files.readText(path)),
      readBase64: (path) => telling(() => files.readBase64(path)),
      list: (options) => telling(() => files.list(options)),
    };
  },
  openAuthority,
  tools: (ask) => circleTools(ask),
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
