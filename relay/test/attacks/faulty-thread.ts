import { serveSandbox } from "../../src/sandbox/quickjs-thread.ts";
import { documentsSnapshot, echoingTools, openHeldAuthority } from "../../src/sandbox/sandbox-contract-parts.ts";

/** What a thread does when a play reads the document of this name. */
const FAULTS: Record<string, () => void> = {
  "fault/exit": () => process.exit(1),
  "fault/exit-when-idle": () => void setTimeout(() => process.exit(1), 1),
  "fault/unreadable": () => {
    throw new Error("EIO: the disk does not answer");
  },
  "fault/heap": () => {
    for (const all: unknown[] = []; ; ) all.push(Array.from({ length: 1e5 }, Math.random));
  },
  "fault/unhandled": () => void Promise.reject(new Error("nobody handles this")),
};

/** A sandbox thread that fails on demand. */
serveSandbox({
  openSnapshot: (documents: Record<string, string>) => {
    if ("fault/closed" in documents) throw new Error("EACCES: the circle's folder cannot be read");
    return documentsSnapshot(
      (name) => {
        FAULTS[name]?.();
        return documents[name];
      },
      () => [],
    );
  },
  openAuthority: openHeldAuthority,
  tools: () => echoingTools,
});
